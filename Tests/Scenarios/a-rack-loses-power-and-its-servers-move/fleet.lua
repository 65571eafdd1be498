boot_network { interface = "boot0", address = "10.77.0.1/24", files = "boot" }

for number = 0, 9 do
  host("node" .. number) {
    mac = "52:54:00:77:00:0" .. number, memory = "4G",
    bmc = { address = "bmc" .. number, user = "admin", password = secret("bmc/node" .. number) },
  }
end

for _, name in ipairs { "shop", "wiki", "mail" } do
  image(name) { path = name .. ".img" }
  server(name) { image = name, memory = "2G", target = "running", ready = { tcp = name .. ":80" } }
end
