boot_network { interface = "boot0", address = "10.77.0.1/24", files = "boot" }

local sizes = { node1 = "16G", node2 = "1G", node3 = "4G", node4 = "8G" }
for number = 1, 4 do
  local name = "node" .. number
  host(name) {
    mac = "52:54:00:77:00:0" .. number, memory = sizes[name],
    bmc = { address = "bmc" .. number, user = "admin", password = secret("bmc/" .. name) },
  }
end

image "shop" { path = "shop.img" }
server "shop" { image = "shop", memory = "2G", target = "running", ready = { tcp = "shop:80" } }
