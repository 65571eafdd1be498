-- Proves power saving: muster test hooks

local function fleet_with(policy)
  return [[
    settings { quiet_time = "5s" }
    boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
    for i = 1, 4 do
      host("node" .. i) {
        mac = "52:54:00:77:00:0" .. i, memory = "8G", cpus = 4, watts = 180, watts_idle = 90,
        bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
      }
    end
    host "desk" { mac = "52:54:00:77:00:09", memory = "8G" }
    image "shop" { path = "/srv/shop.raw" }
    server "shop" { image = "shop", memory = "4G", ready = { tcp = "shop:80" } }
  ]] .. policy
end

hooks "."

local function count(state) return #resources.find { state = state } end

local function all_on()
  for i = 1, 4 do sim.power("node" .. i, "on") end
  sim.run_until(function() return count "idle" == 4 end, "5m", "four idle machines")
end

describe("without a word of the operator", function()
  fleet(fleet_with "")
  it("leaves machines as they are", function()
    all_on()
    sim.run "2h"
    expect(count "idle"):to_be(4)
    expect(#sim.orders.list()):to_be(0)
  end)
end)

describe("virtual machines", function()
  fleet(fleet_with [[
    policy "power_saving" { spare = 1, after = "15m" }
    vm "guest1" { hypervisor = "node1", mac = "52:54:00:77:01:01", memory = "2G" }
  ]])

  it("are no spares, and are ended after they have waited", function()
    sim.power("node1", "on")
    sim.run_until(function() return resources.get("node1").state == "idle" end, "5m", "the hypervisor")
    sim.power("guest1", "on")
    sim.run_until(function() return resources.get("guest1").state == "idle" end, "5m", "the guest")
    -- The hypervisor carries it and is no spare either: another machine is woken.
    sim.run_until(function() return count "idle" == 3 end, "5m", "a spare")
    sim.run "10m"
    expect(resources.get("guest1").state):to_be("idle")
    sim.run "10m"
    expect(resources.get("guest1").state):to_be("off")
    expect(sim.machine("guest1").power):to_be("off")
    expect(resources.get("node1").state):to_be("idle")
    expect("resource.failed").never:to_have_happened()
  end)
end)

describe("with one spare machine", function()
  fleet(fleet_with 'policy "power_saving" { spare = 1, after = "15m" }')

  it("wakes it, and only it", function()
    sim.run_until(function() return count "idle" == 1 end, "5m", "an idle machine")
    sim.run "1h"
    expect(count "idle"):to_be(1)
    expect(#sim.orders.list()):to_be(1)
  end)

  it("lets the others sleep after their time, read back off", function()
    all_on()
    local begun = sim.now()
    sim.run "10m"
    expect(count "idle"):to_be(4)
    sim.run_until(function() return count "idle" == 1 end, "15m", "one idle machine")
    expect(sim.now() - begun):to_be_at_least(14 * 60)
    sim.run "1m"
    expect(count "off"):to_be(3)
    local on = 0
    for i = 1, 4 do if sim.machine("node" .. i).power == "on" then on = on + 1 end end
    expect(on):to_be(1)
    expect("resource.failed").never:to_have_happened()
  end)

  it("saves what a machine's controller measured while it waited", function()
    for i = 1, 3 do sim.bmc("node" .. i):draws(60 + i) end
    all_on()
    sim.run "1m"
    for i = 1, 3 do expect(resources.get("node" .. i).watts_now):to_be(60 + i) end
    expect(resources.get("node4").watts_now):to_be_nil()
    expect(resources.get("node4").watts_idle):to_be(90)
    sim.run "30m"
    for i = 1, 3 do
      local machine = resources.get("node" .. i)
      expect(machine.watts_idle):to_be(60 + i)
      expect(machine.watts_now):to_be(machine.power == "on" and 60 + i or nil)
    end
    expect(count "off"):to_be(3)
  end)

  it("wakes another when that one is taken", function()
    sim.run_until(function() return count "idle" == 1 end, "5m", "an idle machine")
    sim.server("shop"):start()
    sim.run_until(function() return servers.get("shop").state == "running" end, "5m", "a running shop")
    sim.run_until(function() return count "idle" == 1 end, "5m", "another idle machine")
  end)

  it("leaves a machine in maintenance alone", function()
    all_on()
    sim.maintenance("node2", "on")
    sim.run "1h"
    expect("node2"):to_be_on()
    expect(count "idle"):to_be(1)
    expect(count "off"):to_be(2)
  end)

  it("counts the time anew after a maintenance", function()
    all_on()
    sim.maintenance("node2", "on")
    sim.run "1h"
    sim.maintenance("node2", "off")
    sim.run "10m"
    expect("node2"):to_be_on()
    sim.run "10m"
    expect(count "idle"):to_be(1)
  end)

  it("switches off a machine whose system does not listen", function()
    all_on()
    sim.bmc("node1"):lie()
    sim.run "1h"
    expect("node1"):to_be_on()
    expect(count "idle"):to_be_at_least(1)
    sim.bmc("node1"):ok()
    sim.run "5m"
    expect(count "idle"):to_be(1)
  end)

  it("tries the next machine when one does not wake up", function()
    sim.bmc("node1"):refuse()
    sim.run_until(function() return count "idle" == 1 end, "5m", "an idle machine")
    expect("node1"):to_be_off()
  end)

  it("goes on where it was when the engine dies", function()
    all_on()
    sim.run "10m"
    sim.engine.crash "30s"
    sim.run "10m"
    expect(count "idle"):to_be(1)
    expect(count "off"):to_be(3)
  end)

  it("gives a machine up to a server that wants it", function()
    all_on()
    for i = 2, 4 do sim.maintenance("node" .. i, "on") end
    sim.power("node2", "off")
    sim.maintenance("node2", "off")
    sim.run "20m"
    sim.server("shop"):start()
    sim.run_until(function() return servers.get("shop").state == "running" end, "10m", "a running shop")
  end)
end)

describe("groups", function()
  fleet(fleet_with 'policy "power_saving" { { spare = 0, after = 60, tags = { "web" } }, { spare = 2, after = "1h" } }')
  it("are kept each by itself", function()
    sim.run "10m"
    expect(count "idle"):to_be(2)
  end)
end)
