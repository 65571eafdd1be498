import Foundation
import Testing

extension Live {
    @Suite("HTTP") struct HTTP {
        private static let url = "http://10.77.0.1:8080"
        private static let boot = "boot_id=11223344-5566-7788-99aa-bbccddeeff00"
        private static let script = "\(url)/boot.ipxe?mac=\(BootLab.mac)"

        private func get(_ lab: BootLab, _ url: String, _ arguments: [String] = []) async throws -> (status: String, body: String) {
            let output = try await lab.client(["curl", "-sS", "-w", "\n%{http_code}", url] + arguments)
            let lines = output.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let body = lines.dropLast().joined(separator: "\n")
            return (lines.last ?? "", body.hasSuffix("\n") ? String(body.dropLast()) : body)
        }

        private func withAddress(_ body: (BootLab) async throws -> Void) async throws {
            try await BootLab.run { lab in
                try await lab.ip(lab.client, "address add 10.77.0.11/24 dev \(BootLab.wire)")
                try await lab.ip(lab.client, "address add 10.77.0.200/24 dev \(BootLab.wire)")
                try await lab.tell("address \(BootLab.mac) 10.77.0.11")
                try await body(lab)
            }
        }

        @Test("a machine gets its script, by GET and HEAD, and nobody else does") func script() async throws {
            try await withAddress { lab in
                try await lab.tell("image \(BootLab.mac) shop-7")
                let script = try await get(lab, Self.script)
                #expect(script.status == "200" && script.body.hasPrefix("#!ipxe\n"))
                #expect(script.body.contains("muster.root=nbd:10.77.0.1:10809:shop-7 "))
                let head = try await lab.client(["curl", "-sSI", Self.script])
                #expect(
                    head.text.contains("200 OK")
                        && head.text.lowercased().contains("content-length: \(script.body.utf8.count + 1)"))
                let other = try await get(lab, Self.script, ["--interface", "10.77.0.200"])
                #expect(other.status == "403" && !other.body.contains("shop"))
                let stranger = try await get(lab, "\(Self.url)/boot.ipxe?mac=52:54:00:77:00:99")
                #expect(stranger.status == "200" && stranger.body.contains("\ndhcp ||\n") && !stranger.body.contains("kernel"))
                #expect(lab.service.lines.filter { $0.hasPrefix("plan") }.count == 2)
                #expect(try await lab.counters().http.ignored["other_machine"] == 1)
            }
        }

        @Test("an undeclared machine is asked what it is, at the address it was given") func undeclared() async throws {
            try await BootLab.run { lab in
                let address = try #require(try await lab.lease()["ip"])
                try await lab.ip(lab.client, "address add \(address)/24 dev \(BootLab.wire)")
                let script = try await get(lab, Self.script)
                #expect(script.status == "200" && script.body.contains("muster.plan=discover muster.token=d15c0e"))
                #expect(!script.body.contains("muster.root"))
            }
        }

        @Test("local, waiting and an engine in trouble each have their script") func plans() async throws {
            try await withAddress { lab in
                try await lab.tell("local \(BootLab.mac)")
                #expect(try await get(lab, Self.script).body.contains("sanboot"))
                try await lab.tell("wait \(BootLab.mac) this machine is being fenced")
                #expect(
                    try await get(lab, Self.script).body.contains("echo Muster: this machine is being fenced\n:again\nsleep 2\n"))
                try await lab.tell("error \(BootLab.mac) the disk is full")
                let trouble = try await get(lab, Self.script)
                #expect(trouble.status == "200" && trouble.body.contains("the disk is full\n:again\nsleep 5\n"))
            }
        }

        @Test("reports and heartbeats reach the engine, and its answer the machine") func heartbeats() async throws {
            try await withAddress { lab in
                let who = "mac=\(BootLab.mac)&token=c0ffee&\(Self.boot)&epoch=7"
                #expect(try await get(lab, "\(Self.url)/report?\(who)&memory_mib=512&cpus=1&uuid=&arch=x86_64") == ("200", "ok"))
                #expect(try await lab.service.line("report").contains("\"address\":\"10.77.0.11\""))
                let beat = "\(Self.url)/heartbeat?\(who)&uptime=1.5&load=0.00&state=running"
                // The acknowledgement names the claim.
                #expect(try await get(lab, beat) == ("200", "ok 7"))
                #expect(try await lab.service.line("heartbeat").contains("\"epoch\":7"))
                try await lab.tell("answer reset")
                #expect(try await get(lab, beat) == ("200", "reset"))
            }
        }

        @Test(
            "a wrong question gets a sentence",
            arguments: [
                ("boot.ipxe", "400"), ("boot.ipxe?mac=x", "400"), ("boot.ipxe?mac=52:54:00:77:00:01%0Akernel", "400"),
                ("boot.ipxe?mac=52:54:00:77:00:01&mac=52:54:00:77:00:01", "400"), ("report?mac=52:54:00:77:00:01", "400"),
                ("heartbeat", "400"), ("files/missing", "404"), ("files/..%2f..%2fetc%2fpasswd", "404"),
                ("files/../../etc/passwd", "404"),
                ("files/.udhcpc", "404"), ("nothing", "404"), ("", "404"),
            ])
        func wrong(path: String, status: String) async throws {
            try await withAddress { lab in
                let answer = try await get(lab, "\(Self.url)/\(path)", ["--path-as-is"])
                #expect(answer.status == status)
                #expect(!answer.body.contains("root:"))
                if status == "400" { #expect(answer.body.contains(" ") && !answer.body.contains("kernel")) }
            }
        }

        @Test("files are served whole, to many at once, and HEAD tells their size") func files() async throws {
            try await withAddress { lab in
                let kernel = BootLab.noise(8 << 20)
                try lab.file("vmlinuz", kernel)
                try lab.file("empty", Data())
                let head = try await lab.client(["curl", "-sSI", "\(Self.url)/files/vmlinuz"])
                #expect(head.text.lowercased().contains("content-length: \(8 << 20)\r\n"))
                #expect(try await get(lab, "\(Self.url)/files/empty") == ("200", ""))
                try await withThrowingTaskGroup(of: Data.self) { group in
                    for _ in 0..<16 {
                        group.addTask { try await lab.client(["curl", "-sS", "\(Self.url)/files/vmlinuz"], seconds: 120).bytes }
                    }
                    for try await bytes in group { #expect(bytes == kernel) }
                }
            }
        }

        @Test("a part of a file is served, and a broken download goes on where it ended") func parts() async throws {
            try await withAddress { lab in
                let kernel = BootLab.noise(3 << 20)
                try lab.file("vmlinuz", kernel)
                let url = "\(Self.url)/files/vmlinuz"
                func answer(_ arguments: [String]) async throws -> (head: String, body: Data) {
                    let output = try await lab.client(["curl", "-sSi", url] + arguments)
                    let end = output.bytes.firstRange(of: Data("\r\n\r\n".utf8)) ?? 0..<0
                    return (
                        String(decoding: output.bytes[..<end.upperBound], as: UTF8.self).lowercased(),
                        output.bytes[end.upperBound...]
                    )
                }
                for (range, octets) in [
                    ("0-0", 0...0), ("1000000-2000000", 1_000_000...2_000_000), ("-7", 3_145_721...3_145_727),
                    ("3145720-9999999", 3_145_720...3_145_727),
                ] {
                    let (head, body) = try await answer(["-r", range])
                    #expect(head.hasPrefix("http/1.1 206 ") && head.contains("content-length: \(octets.count)\r\n"))
                    #expect(head.contains("content-range: bytes \(octets.lowerBound)-\(octets.upperBound)/3145728\r\n"))
                    #expect(body == kernel[octets])
                }
                for arguments in [["-r", "0-1,5-6"], ["-r", "0-1", "-H", "If-Range: \"a\""]] {
                    let (head, body) = try await answer(arguments)
                    #expect(head.hasPrefix("http/1.1 200 ") && head.contains("accept-ranges: bytes\r\n") && body == kernel)
                }
                let behind = try await answer(["-r", "3145728-"]).head
                #expect(behind.hasPrefix("http/1.1 416 ") && behind.contains("content-range: bytes */3145728\r\n"))
                let broken = lab.folder.appending(path: "broken")
                try kernel.prefix(1_234_567).write(to: broken)
                #expect(try await lab.client(["curl", "-sS", "-C", "-", "-o", broken.path, url]).status == 0)
                #expect(try Data(contentsOf: broken) == kernel)
            }
        }
    }
}
