import Foundation
import Testing

extension Live {
    @Suite("TFTP") struct TFTP {
        private func withClient(_ body: (BootLab, Data) async throws -> Void) async throws {
            try await BootLab.run { lab in
                try await lab.ip(lab.client, "address add 10.77.0.11/24 dev \(BootLab.wire)")
                let content = BootLab.noise(300_000)
                try lab.file("loader.efi", content)
                try await body(lab, content)
            }
        }

        @Test("curl, atftp and busybox read the file whole, with block sizes from small to the largest") func clients()
            async throws
        {
            try await withClient { lab, content in
                for size in ["512", "1428", "65464"] {
                    let curl = try await lab.client(["curl", "-sS", "--tftp-blksize", size, "tftp://10.77.0.1/loader.efi"])
                    #expect(curl.bytes == content, "curl with \(size): \(curl.errors)")
                }
                let copy = lab.folder.appending(path: "copy")
                for options in [[], ["--option", "blksize 1024"], ["--option", "tsize"], ["--option", "timeout 3"]] {
                    let atftp = try await lab.client(
                        ["atftp"] + options + ["-g", "-r", "loader.efi", "-l", copy.path, "10.77.0.1"])
                    #expect(try Data(contentsOf: copy) == content, "atftp \(options): \(atftp.errors)")
                }
                let busybox = try await lab.client([
                    "busybox", "tftp", "-g", "-b", "700", "-r", "loader.efi", "-l", copy.path, "10.77.0.1",
                ])
                #expect(try Data(contentsOf: copy) == content, "busybox: \(busybox.errors)")
                #expect(try await lab.counters().tftp.answered == 8)
            }
        }

        @Test("block numbers wrap: a file of more than 65535 blocks arrives whole") func wrap() async throws {
            try await withClient { lab, _ in
                let long = BootLab.noise(8 * 65_540 + 3)
                try lab.file("long", long)
                let curl = try await lab.client(["curl", "-sS", "--tftp-blksize", "8", "tftp://10.77.0.1/long"], seconds: 300)
                #expect(curl.bytes == long, "\(curl.errors)")
            }
        }

        @Test("eight at once") func atOnce() async throws {
            try await withClient { lab, content in
                try await withThrowingTaskGroup(of: Data.self) { group in
                    for _ in 0..<8 {
                        group.addTask { try await lab.client(["curl", "-sS", "tftp://10.77.0.1/loader.efi"]).bytes }
                    }
                    for try await bytes in group { #expect(bytes == content) }
                }
            }
        }

        @Test("an empty file, a missing one, one outside, writing, and text mode") func edges() async throws {
            try await withClient { lab, _ in
                try lab.file("empty", Data())
                // Not curl, which takes a tsize of 0 for an error.
                let empty = try await lab.client(["busybox", "tftp", "-g", "-r", "empty", "-l", "/dev/stdout", "10.77.0.1"])
                #expect(empty.status == 0 && empty.bytes.isEmpty, "\(empty.errors)")
                for name in ["missing", "../../etc/passwd", "%2e%2e/etc/passwd"] {
                    let output = try await lab.client(["curl", "-sS", "--path-as-is", "tftp://10.77.0.1/\(name)"])
                    #expect(output.status == 68, "\(name): \(output.status) \(output.errors)")
                }
                let write = try await lab.client(["curl", "-sS", "-T", "/etc/hostname", "tftp://10.77.0.1/new"])
                #expect(write.status == 69, "\(write.status) \(write.errors)")
                #expect(!FileManager.default.fileExists(atPath: lab.folder.appending(path: "new").path))
                let text = try await lab.client(["curl", "-sS", "tftp://10.77.0.1/loader.efi;mode=netascii"])
                #expect(text.status == 71 && text.bytes.isEmpty, "\(text.status) \(text.errors)")
            }
        }
    }
}
