boot_network { interface = "boot0", address = "10.77.0.1/24", files = "boot" }

for number = 1, 2 do
  host("node" .. number) {
    mac = "52:54:00:77:00:0" .. number, memory = "8G",
    bmc = { address = "bmc" .. number, user = "admin", password = secret("bmc/node" .. number) },
  }
end

vm "web-a" { hypervisor = "node1", mac = "52:54:00:77:01:01", memory = "4G" }

image "shop" { path = "shop.img" }
server "shop" { image = "shop", memory = "2G", prefer = { "web-a" }, avoid = { "node1" }, ready = { tcp = "shop:80" } }
