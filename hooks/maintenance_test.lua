-- Proves that a machine is drained: muster test hooks

local function fleet_with(policy)
  return [[
    settings { quiet_time = "5s" }
    boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
    for i = 1, 2 do
      host("node" .. i) {
        mac = "52:54:00:77:00:0" .. i, memory = "8G", cpus = 4,
        bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
      }
    end
    image "shop" { path = "/srv/shop.raw" }
    server "shop" { image = "shop", memory = "4G", ready = { tcp = "shop:80" } }
  ]] .. policy
end
hooks "."

local function start_shop()
  sim.server("shop"):start()
  sim.run_until(function() return servers.get("shop").state == "running" end, "5m", "a running shop")
  return servers.get("shop").resource
end

describe("a machine that is taken out of use", function()
  describe("without a word of the operator", function()
    fleet(fleet_with "")
    it("keeps what it runs", function()
      local home = start_shop()
      sim.maintenance(home, "on")
      sim.run "10m"
      expect("shop"):to_run_on(home)
    end)
  end)

  describe("with drain", function()
    fleet(fleet_with 'policy "maintenance" { drain = true, patience = 10 }')

    it("gives its server away and is off", function()
      local home = start_shop()
      sim.maintenance(home, "on")
      sim.run_until(function() return servers.get("shop").resource ~= home end, "5m", "a shop elsewhere")
      sim.run_until(function() return servers.get("shop").state == "running" end, "5m", "a running shop")
      expect(home):to_be_off()
      expect("user.not_drained").never:to_have_happened()
    end)

    it("keeps a server that no other machine can run, and somebody is told", function()
      local home = start_shop()
      sim.maintenance(home == "node1" and "node2" or "node1", "on")
      sim.maintenance(home, "on")
      sim.run "10m"
      expect("shop"):to_run_on(home)
      expect(events.last("user.not_drained").data.reason):to_contain("shop stays where it is")
    end)

    describe("of a hypervisor", function()
      fleet(fleet_with [[
        policy "maintenance" { drain = true, patience = 10 }
        vm "guest" { hypervisor = "node1", mac = "52:54:00:77:01:01", memory = "6G" }
        image "till" { path = "/srv/till.raw" }
        server "till" { image = "till", memory = "4G", prefer = { "guest" }, avoid = { "node1" }, ready = { tcp = "till:80" } }
      ]])

      it("gives away what its virtual machines run", function()
        sim.power("node1", "on")
        sim.run "1m"
        sim.server("till"):start()
        sim.run_until(function() return servers.get("till").state == "running" end, "5m", "a running till")
        expect("till"):to_run_on("guest")
        sim.maintenance("node1", "on")
        sim.run_until(function() return servers.get("till").resource == "node2" end, "5m", "a till elsewhere")
        sim.run_until(function() return servers.get("till").state == "running" end, "5m", "a running till")
        expect("guest"):to_be_off()
      end)
    end)

    it("is drained once when the engine dies in the middle", function()
      local home = start_shop()
      sim.maintenance(home, "on")
      sim.run_until(function() return events.count "claim.ended" > 0 end, "5m", "a released shop")
      sim.engine.crash "5s"
      sim.run "10m"
      expect("shop"):to_run()
      expect(servers.get("shop").resource).never:to_be(home)
      expect(home):to_be_off()
    end)
  end)
end)
