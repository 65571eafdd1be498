boot_network { interface = "boot0", address = "10.77.0.1/24", files = "boot" }

for number = 1, 4 do
  host("node" .. number) {
    mac = "52:54:00:77:00:0" .. number, memory = "4G", cpus = 4,
    bmc = { address = "bmc" .. number, user = "admin", password = secret("bmc/node" .. number) },
  }
end

for number = 1, 3 do
  image("web" .. number) { path = "web" .. number .. ".img" }
  server("web" .. number) { image = "web" .. number, memory = "2G", pool = "web", ready = { tcp = "web:80" } }
end

policy "scaling" { { pool = "web", min = 1, max = 3, up = 0.7, down = 0.3, cooldown = "2m" } }
