---@meta

-- The words of test files (…_test.lua), for muster test. Generated from the schema: muster schema --write .

---Groups tests.
---@param name string
---@param body fun() What it does.
function describe(name, body) end

---A test: it passes when nothing in it raises.
---@param name string
---@param body fun() What it does.
function it(name, body) end

---A test that is not written yet; inside a test: leaves it, as pending.
---@param name string
function pending(name) end

---What is done before each test of the group.
---@param body fun() What it does.
function before_each(body) end

---What is done after each test of the group, also when it failed.
---@param body fun() What it does.
function after_each(body) end

---The fleet of the tests.
---@param source string A path from the test file's folder, or the source itself.
function fleet(source) end

---The policies of the tests.
---@param source any A folder, a list of files, or the source itself.
function hooks(source) end

---Begins an expectation: expect(value):to_be(1).
---@param value any
---@return muster.expectation
function expect(value) end

---The simulated fleet: what befalls it, and its time.
sim = {}

---The seed of its chances; before the fleet begins.
---@param number integer
function sim.seed(number) end

---As long as a test may last in the fleet's time (24h).
---@param duration muster.duration
function sim.limit(duration) end

---Starts the engine on machines that are off; whatever else is asked for does so too.
function sim.start() end

---Lets time pass.
---@param duration muster.duration
function sim.run(duration) end

---Lets time pass until the condition holds; fails the test when it does not in time.
---@param condition fun(): any
---@param limit? muster.duration 10m unless told otherwise.
---@param what? string What is waited for, for the failure.
function sim.run_until(condition, limit, what) end

---Seconds since the fleet began.
---@return number
function sim.now() end

---Any line of a scenario without its time: "bmc node3 silent".
---@param line string
function sim.command(line) end

---What happened so far, to print.
---@return string
function sim.story() end

---Its system hangs, with power on.
---@param machine muster.resource|string The machine.
function sim.kill(machine) end

---A system that hung goes on.
---@param machine muster.resource|string The machine.
function sim.thaw(machine) end

---Its system shuts down in order and powers off.
---@param machine muster.resource|string The machine.
function sim.shutdown(machine) end

---Its system restarts in order.
---@param machine muster.resource|string The machine.
function sim.reboot(machine) end

---Its power button, whatever its controller does.
---@param machine muster.resource|string The machine.
---@param to "on"|"off"|boolean
function sim.power(machine, to) end

---The mains of machine and controller.
---@param machine muster.resource|string The machine.
---@param to "on"|"off"|boolean
function sim.mains(machine, to) end

---Its heartbeats: off, the process that sends them is dead until its next boot; all else goes on.
---@param machine muster.resource|string The machine.
---@param to "on"|"off"|boolean
function sim.heartbeat(machine, to) end

---The network between it and the engine.
---@param machine muster.resource|string The machine.
---@param to "on"|"off"|boolean
function sim.network(machine, to) end

---The way from it to its storage.
---@param machine muster.resource|string The machine.
---@param to "on"|"off"|boolean
function sim.storage(machine, to) end

---The load of each of its processors, which its heartbeats carry.
---@param name string A machine, or a server for the machine it runs on.
---@param load number
function sim.load(name, load) end

---The network between machines and engine is cut; without any, the engine reaches nothing.
---@param ... any Machines.
function sim.split(...) end

---The network is there again; without any, all of it.
---@param ... any Machines.
function sim.heal(...) end

---A machine that is declared nowhere is plugged in, switched off.
---@param name string `machine-` and its card, as `machine-525400770007`.
function sim.newcomer(name) end

---It is a virtual machine on another: what befalls that befalls it.
---@param machine muster.resource|string The machine.
---@param hypervisor muster.resource|string
function sim.guest(machine, hypervisor) end

---The outlet by which a fence agent switches it off.
---@param machine muster.resource|string The machine.
---@param mood "answers"|"silent"|"lies"
function sim.agent(machine, mood) end

---What it has to arm from its next boot on.
---@param machine muster.resource|string The machine.
---@param kind "hard"|"soft"|"none"
function sim.watchdog(machine, kind) end

---How the hypervisor on it answers for its virtual machines.
---@param machine muster.resource|string The machine.
---@param mood "ok"|"silent"|"lie"|"refuse"
function sim.hypervisor(machine, mood) end

---Its controller.
---@param machine muster.resource|string The machine.
---@return muster.simulated_bmc
function sim.bmc(machine) end

---What the operator does with a server.
---@param server muster.server|string
---@return muster.simulated_server
function sim.server(server) end

---The operator takes it out of use, or returns it.
---@param machine muster.resource|string The machine.
---@param to "on"|"off"|boolean
---@param duration? muster.duration Until it is returned, unless told otherwise.
function sim.maintenance(machine, to, duration) end

---The operator orders a fence.
---@param machine muster.resource|string The machine.
function sim.fence(machine) end

---The operator says that it is off.
---@param machine muster.resource|string The machine.
function sim.confirm_off(machine) end

---The operator lets failovers happen.
function sim.arm() end

---The operator wants no failovers.
---@param duration? muster.duration Until armed again, unless told otherwise.
function sim.disarm(duration) end

---A program tells an event of its own.
---@param event muster.event_name
---@param data? table<string, any>
function sim.emit(event, data) end

---The disk of the engine's store is full.
function sim.disk_full() end

---It has room again.
function sim.disk_free() end

---The export of its image ends without being cut.
---@param server muster.server|string
function sim.export_die(server) end

---What a web address answers.
---@param address string `*` stands for any text.
---@param ... any Answers, one after the other; the last stays.
function sim.http(address, ...) end

---How a program ends.
---@param path string `*` stands for any text.
---@param ... any Results, one after the other; the last stays.
function sim.program(path, ...) end

---A machine as it really is.
---@param machine muster.resource|string The machine.
---@return muster.simulated_machine
function sim.machine(machine) end

---The engine's process, and what it stands on.
sim.engine = {}

---It is killed, and started again after a pause.
---@param pause? muster.duration 5s unless told otherwise.
function sim.engine.crash(pause) end

---It is killed.
function sim.engine.stop() end

---It is started.
function sim.engine.start() end

---Its loop stands still.
---@param duration muster.duration
function sim.engine.stall(duration) end

---Its network card has a link, or none, which it sees.
---@param to "on"|"off"|boolean
function sim.engine.network(to) end

---It reaches nothing and sees no reason.
---@param to "on"|"off"|boolean
function sim.engine.split(to) end

---The orders that controllers took: `order`, `resource`, `elapsed`.
sim.orders = {}

---All that fit, oldest first.
---@param filter? any A name, or a table of fields and their values.
---@return table[]
function sim.orders.list(filter) end

---How many fit.
---@param filter? any A name, or a table of fields and their values.
---@return integer
function sim.orders.count(filter) end

---The oldest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return table?
function sim.orders.first(filter) end

---The latest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return table?
function sim.orders.last(filter) end

---The web requests of policies: `method`, `address`, `headers`, `body`, `elapsed`.
sim.requests = {}

---All that fit, oldest first.
---@param filter? any A name, or a table of fields and their values.
---@return table[]
function sim.requests.list(filter) end

---How many fit.
---@param filter? any A name, or a table of fields and their values.
---@return integer
function sim.requests.count(filter) end

---The oldest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return table?
function sim.requests.first(filter) end

---The latest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return table?
function sim.requests.last(filter) end

---The programs that policies executed: `program`, `arguments`, `input`, `on`, `elapsed`.
sim.programs = {}

---All that fit, oldest first.
---@param filter? any A name, or a table of fields and their values.
---@return table[]
function sim.programs.list(filter) end

---How many fit.
---@param filter? any A name, or a table of fields and their values.
---@return integer
function sim.programs.count(filter) end

---The oldest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return table?
function sim.programs.first(filter) end

---The latest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return table?
function sim.programs.last(filter) end

---All that fit, oldest first.
---@param filter? any A name, or a table of fields and their values.
---@return muster.event[]
function events.list(filter) end

---How many fit.
---@param filter? any A name, or a table of fields and their values.
---@return integer
function events.count(filter) end

---The oldest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return muster.event?
function events.first(filter) end

---The latest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return muster.event?
function events.last(filter) end

---All runs so far.
runs = {}

---All that fit, oldest first.
---@param filter? any A name, or a table of fields and their values.
---@return muster.run[]
function runs.list(filter) end

---How many fit.
---@param filter? any A name, or a table of fields and their values.
---@return integer
function runs.count(filter) end

---The oldest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return muster.run?
function runs.first(filter) end

---The latest that fits.
---@param filter? any A name, or a table of fields and their values.
---@return muster.run?
function runs.last(filter) end

---A run, as tests see it.
---@class muster.run
---@field id integer
---@field hook string
---@field key string
---@field status "queued"|"running"|"done"|"failed"|"cancelled"|"diverged"|"asking"
---@field at integer  (ms since 1970)
---@field result? any What it returned.
---@field error? muster.error
---@field event? integer The event that began it.
---@field attempt? integer
---@field steps table[] `address`, `name`, `arguments`, `result`, `error`.
local run = {}

---A machine as it really is.
---@class muster.simulated_machine
---@field name string
---@field power "on"|"off"
---@field stage "off"|"firmware"|"loading"|"up"
---@field hangs boolean
---@field network boolean
---@field storage boolean
---@field mains boolean
---@field bmc "ok"|"silent"|"lie"|"refuse"|"deceive"
---@field load number
---@field epoch? integer The claim whose image it runs.
local simulated_machine = {}

---A controller in a simulation.
---@class muster.simulated_bmc
local simulated_bmc = {}

---It answers and obeys.
function simulated_bmc:ok() end

---It does not answer.
function simulated_bmc:silent() end

---It says done and does nothing.
function simulated_bmc:lie() end

---It takes no orders.
function simulated_bmc:refuse() end

---It says done, reads what was ordered, and does nothing.
function simulated_bmc:deceive() end

---The network between the engine and it.
---@param to "on"|"off"|boolean
function simulated_bmc:network(to) end

---How long it takes to answer.
---@param duration muster.duration
function simulated_bmc:delay(duration) end

---What it measures that its machine draws while that is on; 0: it has no meter, as at the beginning.
---@param watts integer
function simulated_bmc:draws(watts) end

---It is cabled to another machine.
---@param machine muster.resource|string The machine.
function simulated_bmc:is(machine) end

---What the operator does with a server.
---@class muster.simulated_server
local simulated_server = {}

---It shall run.
function simulated_server:start() end

---It shall not run.
function simulated_server:stop() end

---It shall run elsewhere.
---@param to? muster.resource|string The machine; nil: the best one.
function simulated_server:move(to) end

---Declares it.
---@param fields? table<string, any> image, memory (MiB), cpus, priority, address, pool.
function simulated_server:add(fields) end

---It is declared no more.
function simulated_server:remove() end

---What is expected of a value.
---@class muster.expectation
---@field never muster.expectation Expects the opposite.
local expectation = {}

---It is this value.
---@param value any
function expectation:to_be(value) end

---It is alike to any depth.
---@param value any
function expectation:to_equal(value) end

---It is nil.
function expectation:to_be_nil() end

---It is true.
function expectation:to_be_true() end

---It is false.
function expectation:to_be_false() end

---It is of this type.
---@param type string
function expectation:to_be_a(type) end

---A text has this part; a list such an element; a table such fields.
---@param part any
function expectation:to_contain(part) end

---A text fits this pattern.
---@param pattern string
function expectation:to_match(pattern) end

---It has this length.
---@param length integer
function expectation:to_have_length(length) end

---It is greater.
---@param number number
function expectation:to_be_greater_than(number) end

---It is less.
---@param number number
function expectation:to_be_less_than(number) end

---It is as great or greater.
---@param number number
function expectation:to_be_at_least(number) end

---It is as little or less.
---@param number number
function expectation:to_be_at_most(number) end

---It is as near.
---@param number number
---@param distance number
function expectation:to_be_near(number, distance) end

---The function raises.
---@param error? any A code, a part of the message, or a table of both.
function expectation:to_raise(error) end

---The server runs.
function expectation:to_run() end

---The server runs on this machine.
---@param machine muster.resource|string The machine.
function expectation:to_run_on(machine) end

---The server is blocked.
---@param reason? string A part of the reason.
function expectation:to_be_blocked(reason) end

---The server or machine is in this state.
---@param state string
function expectation:to_be_in_state(state) end

---The machine really is on.
function expectation:to_be_on() end

---The machine really is off.
function expectation:to_be_off() end

---An event of this name was recorded.
---@param filter? table<string, any> `times`, and fields of the event.
function expectation:to_have_happened(filter) end
