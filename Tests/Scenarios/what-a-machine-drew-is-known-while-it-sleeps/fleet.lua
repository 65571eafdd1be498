boot_network { interface = "boot0", address = "10.77.0.1/24", files = "boot" }

for number = 1, 3 do
  host("node" .. number) {
    mac = "52:54:00:77:00:0" .. number, memory = "4G",
    bmc = { address = "bmc" .. number, user = "admin", password = secret("bmc/node" .. number) },
  }
end

image "shop" { path = "shop.img" }
server "shop" { image = "shop", memory = "2G", ready = { tcp = "shop:80" } }

policy "power_saving" { spare = 1, after = "10m" }
