import Foundation
import Testing

extension Live {
    @Suite("Router advertisements") struct Router {
        @Test("a host's solicitation is answered, and makes nobody a router") func advertised() async throws {
            try await BootLab.run { lab in
                let deadline = ContinuousClock.now + .seconds(60)
                var heard = 0
                var asked = 0
                // A host asks when its own address is usable, a second or two after its interface came up.
                while heard == 0 || asked == 0, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(200))
                    heard = try await advertisements(lab)
                    asked = try await lab.counters().router.received
                }
                #expect(heard > 0 && asked > 0)
                #expect(try await lab.client(["ip", "-6", "route", "show", "default"]).text.isEmpty)
            }
        }

        /// What the kernel of the clients' namespace counted.
        private func advertisements(_ lab: BootLab) async throws -> Int {
            let lines = try await lab.client(["cat", "/proc/net/snmp6"]).text.split(separator: "\n")
            let line = lines.first { $0.hasPrefix("Icmp6InRouterAdvertisements") }
            return line?.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 0
        }

        @Test("without IPv6 the service works, and says what it costs") func noIPv6() async throws {
            try await BootLab.run { setup in
                let knob = "/proc/sys/net/ipv6/conf/br0/disable_ipv6"
                _ = try await Tool.run(["nsenter", "-n", "-t", "\(setup.server.pid)", "sh", "-c", "echo 1 > \(knob)"])
            } _: { lab in
                try await lab.tell("address \(BootLab.mac) 10.77.0.11")
                #expect(try await lab.lease()["ip"] == "10.77.0.11")
                #expect(try await lab.counters().router.answered == 0)
            }
        }
    }
}
