boot_network { interface = "boot0", address = "10.77.0.1/24", files = "boot" }

for number = 1, 4 do
  host("node" .. number) {
    mac = "52:54:00:77:00:0" .. number, memory = "8G",
    bmc = { address = "bmc" .. number, user = "admin", password = secret("bmc/node" .. number) },
  }
end

vm "web-a" { hypervisor = "node1", mac = "52:54:00:77:01:01", memory = "4G" }
vm "web-b" { hypervisor = "node1", mac = "52:54:00:77:01:02", memory = "4G" }

for number, guest in ipairs { "web-a", "web-b" } do
  image("shop" .. number) { path = "shop" .. number .. ".img" }
  server("shop" .. number) {
    image = "shop" .. number, memory = "2G", prefer = { guest }, avoid = { "node1" }, ready = { tcp = "shop" .. number .. ":80" },
  }
end
