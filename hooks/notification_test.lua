-- Proves that people are told: muster test hooks

local function fleet_with(policy)
  return [[
    boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
    for i = 1, 2 do
      host("node" .. i) {
        mac = "52:54:00:77:00:0" .. i, memory = "8G", cpus = 4,
        bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
        fence = { "bmc" },
      }
    end
    image "shop" { path = "/srv/shop.raw" }
    server "shop" { image = "shop", memory = "4G", ready = { tcp = "shop:80" } }
  ]] .. policy
end
hooks "."

local function block_the_shop()
  sim.server("shop"):start()
  sim.run_until(function() return servers.get("shop").state == "running" end, "5m", "a running shop")
  local home = servers.get("shop").resource
  sim.bmc(home):lie()
  sim.kill(home)
  sim.run "10m"
  expect("shop"):to_be_blocked()
end

describe("without a receiver", function()
  fleet(fleet_with "")
  it("nobody is asked for anything", function()
    block_the_shop()
    expect(#sim.requests.list()):to_be(0)
    expect(#sim.programs.list()):to_be(0)
    expect(runs.count { status = "failed", hook = "notification server.blocked" }):to_be(0)
  end)
end)

describe("a web hook", function()
  fleet(fleet_with [[
    policy "notification" { webhook = "https://hooks.example.org/muster", token = "webhook/token" }
    settings { quiet_time = "5s", allow_http = { "https://hooks.example.org/" }, allow_secrets = { "webhook/token" } }
  ]])

  it("is told what failed, and each thing once", function()
    sim.http("https://hooks.example.org/*", { status = 200 })
    block_the_shop()
    local bodies = ""
    for _, request in ipairs(sim.requests.list()) do bodies = bodies .. request.body .. "\n" end
    expect(bodies):to_contain("failed")
    expect(bodies):to_contain("was not seen off")
    expect(bodies):to_contain("shop is blocked")
    expect(sim.requests.first().headers.authorization):to_contain("Bearer ")
    local count = #sim.requests.list()
    sim.run "5m"
    expect(#sim.requests.list()):to_be_at_most(count + 2)
  end)

  it("that answers late is asked again", function()
    sim.http("https://hooks.example.org/*", { status = 503 }, { status = 200 })
    block_the_shop()
    expect(#sim.requests.list()):to_be_at_least(2)
    expect(runs.count { status = "failed", hook = "notification resource.failed" }):to_be(0)
  end)
end)

describe("mail", function()
  fleet(fleet_with [[
    policy "notification" { mail = { "night@example.org", "maria@example.org" }, from = "muster@example.org" }
    settings { quiet_time = "5s", allow_exec = { "/usr/sbin/sendmail" } }
  ]])
  it("goes to all of them", function()
    sim.program("/usr/sbin/sendmail", { code = 0 })
    block_the_shop()
    expect(sim.programs.first().input):to_contain("night@example.org")
    expect(sim.programs.first().input):to_contain("Subject: Muster: ")
  end)
end)
