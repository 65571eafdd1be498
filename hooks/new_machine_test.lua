-- Proves how new machines are met: muster test hooks

local function fleet_with(policy)
  return [[
    settings { quiet_time = "5s", allow_http = { "https://hooks.example.org/" } }
    boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
    host "node1" { mac = "52:54:00:77:00:01", memory = "8G", cpus = 4, bmc = { address = "bmc1", user = "admin", password = secret "bmc/node1" } }
  ]] .. policy
end
hooks "."

describe("a machine that nobody declared", function()
  fleet(fleet_with 'policy "notification" { webhook = "https://hooks.example.org/muster" }')

  it("is announced with the line that declares it", function()
    sim.http("https://hooks.example.org/*", { status = 200 })
    sim.newcomer "machine-525400770007"
    sim.power("machine-525400770007", "on")
    sim.run "2m"
    local told = events.last "user.new_machine"
    expect(told.data.declare):to_contain('mac = "' .. told.data.mac .. '"')
    expect(told.data.machine):to_be("machine-525400770007")
    expect(sim.requests.last().body):to_contain("a new machine booted")
    sim.run "30m"
    expect("machine-525400770007"):to_be_on()
    expect(events.count "user.new_machine"):to_be(1)
  end)
end)

describe("with power_off", function()
  fleet(fleet_with 'policy "new_machine" { power_off = true, after = "2m" }')

  it("is left on as long as nobody could switch it off", function()
    sim.newcomer "machine-525400770007"
    sim.power("machine-525400770007", "on")
    sim.run "30m"
    expect("machine-525400770007"):to_be_on()
    expect(runs.count { hook = "new_machine", status = "done" }):to_be(1)
  end)
end)
