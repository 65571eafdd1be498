boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
for i = 0, 9 do
  host("node" .. i) {
    mac = "52:54:00:77:00:0" .. i, memory = "256M", cpus = 1,
    bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
  }
end
for i = 1, 6 do
  image("web" .. i) { path = "/dev/null" }
  server("web" .. i) { image = "web" .. i, memory = "128M", priority = i, ready = { http = "http://10.77.0.100/" } }
end
