import Foundation
import Testing

extension Live {
    /// Whole machines, in QEMU without KVM.
    @Suite("Real boot") struct RealBoot {
        private static let qemu = [
            "qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64", "-m", "256", "-display", "none", "-nodefaults", "-no-reboot",
            "-serial", "stdio", "-machine", "pc,graphics=off", "-netdev", "tap,id=n0,ifname=tap0,script=no,downscript=no",
            "-device", "virtio-net-pci,netdev=n0,mac=\(BootLab.mac),bootindex=1",
            "-device", "isa-debug-exit,iobase=0x501,iosize=0x04",
        ]

        private func withMachine(_ body: (BootLab) async throws -> Void) async throws {
            try await BootLab.run { setup in
                try await setup.ip(setup.server, "tuntap add dev tap0 mode tap")
                try await setup.ip(setup.server, "link set tap0 master br0 up")
            } _: { lab in
                try await lab.tell("address \(BootLab.mac) 10.77.0.11")
                try await lab.tell("image \(BootLab.mac) shop-7")
                try lab.file("vmlinuz", TinyKernel.bytes)
                try lab.file("ramdisk.gz", Data("ramdisk reached\0".utf8))
                try await body(lab)
            }
        }

        /// Runs the machine in the server's namespace, where its tap is.
        private func boot(_ lab: BootLab, _ arguments: [String]) async throws -> Tool.Output {
            let qemu = [try Tool.path(Self.qemu[0])] + Self.qemu.dropFirst() + arguments
            return try await Tool.run(["nsenter", "-n", "-t", "\(lab.server.pid)"] + qemu, seconds: 240)
        }

        @Test("iPXE in a card's ROM gets the script, the kernel with its arguments, and the ramdisk") func ROM() async throws {
            try await withMachine { lab in
                let machine = try await boot(lab, ["-boot", "n", "-uuid", "11223344-5566-7788-99aa-bbccddeeff00"])
                #expect(machine.status == TinyKernel.exitStatus, "\(machine.text)")
                #expect(machine.text.contains("muster.plan=image muster.token=c0ffee muster.epoch=7 muster.server=shop"))
                #expect(machine.text.contains("muster.root=nbd:10.77.0.1:10809:shop-7"))
                #expect(machine.text.contains("ramdisk reached"))
                let asked = try await lab.service.line("plan")
                #expect(asked == #"{"arch":"i386","mac":"52:54:00:77:00:01","uuid":"11223344-5566-7788-99aa-bbccddeeff00"}"#)
                let counters = try await lab.counters()
                #expect(counters.router.received > 0 && counters.router.answered > 0)
                #expect(counters.dhcp.malformed.isEmpty && counters.http.malformed.isEmpty)
            }
        }

        @Test("undionly.kpxe comes by TFTP, and is told from the ROM that loaded it") func chain() async throws {
            try await withMachine { lab in
                let loader = "/usr/lib/ipxe/undionly.kpxe"
                let first = "/boot/ipxe.lkrn"
                for file in [loader, first] {
                    try #require(FileManager.default.fileExists(atPath: file), "\(file) is missing: apt-get install ipxe")
                }
                try FileManager.default.copyItem(at: URL(filePath: loader), to: lab.folder.appending(path: "undionly.kpxe"))
                let script = lab.folder.appending(path: "first.ipxe")
                try Data("#!ipxe\ndhcp\nchain tftp://10.77.0.1/undionly.kpxe\n".utf8).write(to: script)
                let machine = try await boot(lab, ["-kernel", first, "-initrd", script.path])
                #expect(machine.status == TinyKernel.exitStatus, "\(machine.text)")
                #expect(machine.text.contains("ramdisk reached"))
                #expect(try await lab.counters().tftp.answered == 1)
            }
        }

        @Test("a machine asks again through waiting, an engine in trouble, its crash, and a missing kernel") func patience()
            async throws
        {
            try await withMachine { lab in
                let kernel = lab.folder.appending(path: "vmlinuz")
                try FileManager.default.removeItem(at: kernel)
                try await lab.tell("address \(BootLab.mac) none")
                try await lab.tell("wait \(BootLab.mac) not yet")
                async let machine = boot(lab, ["-boot", "n"])
                _ = try await lab.service.line("plan", seconds: 120)
                var seen = lab.service.lines.count
                _ = try await lab.service.line("plan", after: seen, seconds: 120)
                try await lab.tell("error \(BootLab.mac) the disk is full")
                // A question is told before its answer goes out, which a crash in between takes along: the next one shows that it has come.
                for _ in 1...2 {
                    seen = lab.service.lines.count
                    _ = try await lab.service.line("plan", after: seen, seconds: 120)
                }
                try await lab.crash()
                _ = try await lab.service.line("plan", seconds: 120)
                let deadline = ContinuousClock.now + .seconds(120)
                var counters = try await lab.counters()
                while counters.http.ignored["no_file", default: 0] < 2, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(200))
                    counters = try await lab.counters()
                }
                try lab.file("vmlinuz", TinyKernel.bytes)
                let output = try await machine
                #expect(output.status == TinyKernel.exitStatus, "\(output.text)")
                #expect(output.text.contains("muster.plan=discover muster.token=d15c0e"))
                for text in ["Muster: not yet", "the disk is full", "asking for the address again", "trying again"] {
                    #expect(output.text.contains(text), "\(text) is missing: \(output.text)")
                }
            }
        }
    }
}

/// A Multiboot kernel of some seventy octets: writes its command line and its first module, a text, to the serial port, and ends
/// QEMU.
enum TinyKernel {
    /// `isa-debug-exit` makes (0x31 << 1) | 1 of the 0x31 written to it.
    static let exitStatus: Int32 = 99

    static var bytes: Data {
        // Multiboot 1: magic, flags (bit 16: the addresses that follow), checksum; header, load, load end, bss end, entry.
        let magic: UInt32 = 0x1BAD_B002
        let flags: UInt32 = 0x0001_0000
        let base: UInt32 = 0x0010_0000
        let header: [UInt32] = [magic, flags, 0 &- (magic &+ flags), base, base, 0, 0, base + 32]
        let code: [UInt8] = [
            0xBC, 0x00, 0x00, 0x08, 0x00,  // mov esp, 0x80000
            0xBA, 0xF8, 0x03, 0x00, 0x00,  // mov edx, 0x3f8
            0x8B, 0x73, 0x10,  // mov esi, [ebx + 16]: the command line
            0xE8, 0x16, 0x00, 0x00, 0x00,  // call print
            0x8B, 0x5B, 0x18,  // mov ebx, [ebx + 24]: the list of modules
            0x8B, 0x33,  // mov esi, [ebx]: the first one's start
            0xE8, 0x0C, 0x00, 0x00, 0x00,  // call print
            0xB0, 0x31,  // mov al, 0x31
            0xBA, 0x01, 0x05, 0x00, 0x00,  // mov edx, 0x501
            0xEE,  // out dx, al
            0xF4,  // hlt
            0xEB, 0xFD,  // jmp to the hlt
            0x90,  // nop
            0xAC,  // print: lodsb
            0x84, 0xC0,  // test al, al
            0x74, 0x03,  // jz to the ret
            0xEE,  // out dx, al
            0xEB, 0xF8,  // jmp print
            0xC3,  // ret
        ]
        var data = Data()
        for word in header { withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) } }
        return data + Data(code)
    }
}
