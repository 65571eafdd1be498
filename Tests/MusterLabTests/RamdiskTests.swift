import Foundation
import MusterCore
import Testing

@testable import MusterLab

@Suite struct RamdiskTests {
    /// The kernel that the lab uses; downloaded by the first run.
    private func builder() throws -> RamdiskBuilder {
        #expect(LabFixture.shared)
        return RamdiskBuilder(kernel: try KernelCache.kernel())
    }

    private func names(in archive: Data) throws -> [String] {
        let list = try Command.run(["/bin/busybox", "cpio", "-t"], input: archive)
        return String(decoding: list, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func anotherProgramReadsIt() throws {
        let builder = try builder()
        let names = try names(in: try builder.archive())
        let version = builder.kernel.version
        for file in [
            "init", "bin/busybox", "bin/sh", "bin/nbd-client", "agent/heartbeat", "agent/watch-root", "agent/lease", "mnt",
            "proc", "lib64/ld-linux-x86-64.so.2", "lib/modules/\(version)/modules.dep", "lib/modules/\(version)/modules.alias",
            "lib/modules/\(version)/kernel/drivers/net/virtio_net.ko", "lib/modules/\(version)/kernel/drivers/block/nbd.ko",
        ] {
            #expect(names.contains(file), "\(file) is missing")
        }
    }

    @Test func theSameContentsGiveTheSameBytes() throws {
        let builder = try builder()
        #expect(try builder.archive() == builder.archive())
    }

    @Test func everyModuleComesWithWhatItNeeds() throws {
        let kernel = try KernelCache.kernel()
        let modules = try KernelModules(kernel)
        let closure = modules.closure(of: ["virtio-net", "no_such_module"])
        #expect(closure.contains("kernel/drivers/net/net_failover.ko"))
        #expect(!closure.contains { $0.contains("nbd") })
        let index = try modules.index(of: closure)
        #expect(index.dependencies.split(separator: "\n").count == closure.count)
        #expect(index.aliases.contains("alias virtio:d00000001v* virtio_net"))
    }

    @Test func buildWritesWhatTheBootServiceServes() throws {
        try LabFixture.withFolder { folder in
            let files = try builder().build(into: "\(folder)/boot")
            #expect(try Command.result(of: ["gzip", "-t", files.ramdisk]).status == 0)
            #expect(try Files.read(files.kernel).count > 1_000_000)
        }
    }

    @Test func aDynamicBusyboxIsRefusedWithAHint() throws {
        let error = #expect(throws: MusterError.self) { try RamdiskBuilder.staticBusybox("/bin/ls") }
        #expect(error?.hint?.contains("busybox-static") == true)
    }

    @Test func aFolderWithoutKernelIsNamed() throws {
        try LabFixture.withFolder { folder in
            let error = #expect(throws: MusterError.self) { try Kernel.unpacked(in: folder) }
            #expect(error?.subject == folder)
        }
    }

    /// Without a name for it, each script runs in a shell that the guest has.
    @Test(arguments: [
        "init", "agent/heartbeat", "agent/watch-root", "agent/lease", "shop/init", "shop/power-button", "shop/cgi-bin/orders",
    ])
    func theShellOfTheGuestAcceptsTheScript(_ script: String) throws {
        #expect(LabFixture.shared)
        let path = "\(try SharedFiles.folder("guest"))/\(script)"
        let result = try Command.result(of: ["/bin/busybox", "sh", "-n", path])
        #expect(result.status == 0, "\(result.errors)")
    }
}
