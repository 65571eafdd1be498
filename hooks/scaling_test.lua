-- Proves scaling: muster test hooks

local function fleet_with(policy)
  return [[
    settings { quiet_time = "5s" }
    boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
    for i = 1, 5 do
      host("node" .. i) {
        mac = "52:54:00:77:00:0" .. i, memory = "8G", cpus = 4,
        bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
        fence = { "bmc" },
      }
    end
    for i = 1, 4 do
      image("web" .. i) { path = "/srv/web" .. i .. ".raw" }
      server("web" .. i) { image = "web" .. i, memory = "4G", pool = "web", ready = { tcp = "web:80" } }
    end
    image "shop" { path = "/srv/shop.raw" }
    server "shop" { image = "shop", memory = "4G", priority = 9, ready = { tcp = "shop:80" } }
  ]] .. policy
end

local function running()
  local count = 0
  for _, server in ipairs(servers.find { pool = "web" }) do
    if server.state == "running" then count = count + 1 end
  end
  return count
end

local function wait_for(count, limit)
  sim.run_until(function() return running() == count end, limit or "5m", count .. " servers that run")
end

-- The same load on every machine that runs one of the pool now.
local function load(number)
  for _, server in ipairs(servers.find { pool = "web" }) do
    if server.resource then sim.load(server.resource, number) end
  end
end

hooks "."

describe("without a word of the operator", function()
  fleet(fleet_with "")
  it("does nothing at all", function()
    sim.run "1h"
    expect(runs.count { hook = "scaling" }):to_be(0)
    expect(runs.count { hook = "power_saving" }):to_be(0)
    expect(#sim.orders.list()):to_be(0)
  end)
end)

describe("a pool under load", function()
  fleet(fleet_with 'policy "scaling" { { pool = "web", min = 1, max = 3, up = 0.7, down = 0.3, cooldown = "5m" } }')

  it("has its least number without any load", function()
    wait_for(1)
    expect("web1"):to_run()
    sim.run "30m"
    expect(running()):to_be(1)
  end)

  it("gets another server, on a machine that is woken up", function()
    wait_for(1)
    sim.run "6m"
    load(0.9)
    wait_for(2)
    local home = servers.get("web2").resource
    expect(sim.orders.last(home).order):to_be("on")
    expect(events.last("user.scaled").data):to_contain { action = "up", servers = "web2" }
  end)

  it("never gets more than its most, and waits between", function()
    wait_for(1)
    load(0.9)
    wait_for(2, "10m")
    local first = sim.now()
    load(0.9)
    wait_for(3, "10m")
    expect(sim.now() - first):to_be_at_least(240)
    load(0.9)
    sim.run "30m"
    expect(running()):to_be(3)
    expect(servers.get("web4").target):to_be("stopped")
  end)

  it("shrinks again, and its machine sleeps", function()
    wait_for(1)
    load(0.9)
    wait_for(2, "10m")
    local home = servers.get("web2").resource
    load(0.1)
    wait_for(1, "15m")
    sim.run "2m"
    expect("web1"):to_run()
    expect(home):to_be_off()
    expect(resources.get(home).state):to_be("off")
    sim.run "30m"
    expect(running()):to_be(1)
  end)

  it("stays as it is between the two marks", function()
    wait_for(1)
    load(0.9)
    wait_for(2, "10m")
    load(0.5)
    sim.run "1h"
    expect(running()):to_be(2)
    expect(events.count("user.scaled")):to_be(2)
  end)

  it("does not shrink to what would be too few at once", function()
    wait_for(1)
    load(0.9)
    wait_for(2, "10m")
    load(0.29)
    -- 0.58 on one is not above 0.7.
    wait_for(1, "15m")
  end)

  it("waits its time out over a crash of the engine", function()
    wait_for(1)
    load(0.9)
    wait_for(2, "10m")
    local decided = events.last("user.scaled").elapsed
    load(0.9)
    sim.engine.crash "20s"
    sim.run(decided + 290 - sim.now())
    expect(events.count("user.scaled")):to_be(2)
    wait_for(3, "5m")
    expect(events.last("user.scaled").elapsed - decided):to_be_at_least(300)
  end)

  it("leaves the last machine that fits to failovers", function()
    for _, name in ipairs { "node3", "node4", "node5" } do sim.maintenance(name, "on") end
    wait_for(1)
    load(0.9)
    sim.run "30m"
    expect(running()):to_be(1)
    sim.kill(servers.get("web1").resource)
    sim.run "1s"
    sim.run_until(function() return servers.get("web1").state ~= "running" end, "1m")
    wait_for(1)
  end)

  it("does not count a server that is blocked", function()
    wait_for(1)
    local home = servers.get("web1").resource
    sim.bmc(home):lie()
    sim.kill(home)
    sim.run_until(function() return servers.get("web1").state == "blocked" end, "10m", "a blocked web1")
    wait_for(1)
    expect("web2"):to_run()
  end)

  it("starts nothing while it cannot know the load", function()
    wait_for(1)
    sim.network(servers.get("web1").resource, "off")
    sim.run "1s"
    expect(runs.count { hook = "scaling", status = "failed" }):to_be(0)
  end)
end)

describe("a metric of the web", function()
  fleet(fleet_with [[
    policy "scaling" {
      { pool = "web", max = 3, up = 50, down = 10, cooldown = "1m",
        metric = { url = "http://10.77.0.9/metrics", metric = "http_requests_in_flight", labels = { job = "web" } } },
    }
    settings { quiet_time = "5s", allow_http = { "http://10.77.0.9/" } }
  ]])

  it("starts servers, and stops them", function()
    sim.http("http://10.77.0.9/metrics", { status = 200, body = '# TYPE http_requests_in_flight gauge\nhttp_requests_in_flight{job="web"} 120\n' })
    wait_for(3, "15m")
    sim.http("http://10.77.0.9/metrics", { status = 200, body = 'http_requests_in_flight{job="web"} 3\n' })
    wait_for(1, "15m")
  end)

  it("that cannot be read changes nothing, and is told once", function()
    sim.http("http://10.77.0.9/metrics", { status = 200, body = 'http_requests_in_flight{job="web"} NaN\n' })
    wait_for(1)
    sim.run "30m"
    expect(running()):to_be(1)
    expect(events.count("user.scaling_failed")):to_be(1)
    sim.http("http://10.77.0.9/metrics", { status = 200, body = 'http_requests_in_flight{job="web"} 20\n' })
    sim.run "2m"
    sim.http("http://10.77.0.9/metrics", { status = 503, body = "" })
    sim.run "10m"
    expect(events.count("user.scaling_failed")):to_be(2)
  end)
end)
