import Foundation
import MusterCore
import MusterNetboot
import Testing

extension Live {
    @Suite("Bad input") struct BadInput {
        @Test("garbage on every port is counted, and the service goes on") func garbage() async throws {
            try await BootLab.run { lab in
                try await lab.ip(lab.client, "address add 10.77.0.11/24 dev \(BootLab.wire)")
                try await lab.tell("address \(BootLab.mac) 10.77.0.11")
                let folder = lab.folder.appending(path: "garbage")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                for number in 0..<60 {
                    try BootLab.noise([0, 1, 3, 40, 300, 1400, 9000][number % 7]).write(to: folder.appending(path: "\(number)"))
                }
                let shoot = "for f in \(folder.path)/*; do cat $f 2>/dev/null > $0; done; exit 0"
                for port in ["udp/10.77.0.1/67", "udp/10.77.0.1/69", "tcp/10.77.0.1/8080"] {
                    #expect(try await lab.client(["bash", "-c", shoot, "/dev/\(port)"]).status == 0)
                }
                let counters = try await settled(lab)
                #expect(counters.dhcp.malformed.values.reduce(0, +) > 20)
                #expect(counters.tftp.malformed.values.reduce(0, +) > 20)
                #expect(counters.http.malformed["bad_request"] ?? 0 > 20)
                #expect(try await lab.lease()["ip"] == "10.77.0.11")
                try lab.file("f", Data("whole".utf8))
                #expect(try await lab.client(["curl", "-sS", "tftp://10.77.0.1/f"]).text == "whole")
                #expect(try await lab.client(["curl", "-sS", "http://10.77.0.1:8080/files/f"]).text == "whole")
            }
        }

        /// The counters once they stand still.
        private func settled(_ lab: BootLab) async throws -> BootCounters {
            var last = BootCounters()
            for _ in 0..<100 {
                let counters = try await lab.counters()
                if counters.http.malformed["bad_request"] ?? 0 > 20, counters == last { return counters }
                last = counters
                try await Task.sleep(for: .milliseconds(200))
            }
            return last
        }
    }
}
