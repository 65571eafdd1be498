boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
for i = 1, 3 do
  host("node" .. i) {
    mac = "52:54:00:77:00:0" .. i, memory = "16G",
    bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
  }
end
for i = 1, 4 do
  vm("guest" .. i) { hypervisor = "node" .. (i + 1) // 2, mac = "52:54:00:77:01:0" .. i, memory = "6G" }
end
for i = 1, 5 do
  image("web" .. i) { path = "/dev/null" }
  server("web" .. i) { image = "web" .. i, memory = "2G", priority = i, ready = { http = "http://10.77.0.100/" } }
end
