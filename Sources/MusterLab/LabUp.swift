import Foundation
import MusterCore

extension Lab {
    /// Makes the sandbox, the network, the BMCs, the images and the fleet file; all machines are off.
    ///
    /// When this process ends before it returns, however it ends, the lab is taken down.
    ///
    /// - Parameter progress: told in a few words what takes time.
    /// - Throws: `lab_up` when it is up already, `program_missing`, `sandbox_failed`.
    @discardableResult
    public func up(_ options: Options = Options(), progress: (String) -> Void = { _ in }) throws(MusterError) -> LabStatus {
        guard (1...40).contains(options.machines), folder.allSatisfy({ !$0.isWhitespace && !"\"'\\$`".contains($0) }) else {
            throw MusterError(.badArgument, "a lab has 1 to 40 machines and a folder without spaces or quotes")
        }
        let lock = try takeFolder()
        defer { close(lock) }
        do {
            try make(options, progress)
        } catch {
            try? LabRecord.read(in: folder)?.sandbox.end()
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
        return status()
    }

    private func make(_ options: Options, _ progress: (String) -> Void) throws(MusterError) {
        try Self.checkRequirements()
        guard access("/dev/net/tun", R_OK | W_OK) == 0 else {
            throw MusterError(
                "sandbox_failed", "/dev/net/tun is not usable: \(String(cString: strerror(errno)))",
                hint: "run the lab as root (`sudo muster lab up`), or let this user read and write /dev/net/tun",
                subject: "/dev/net/tun")
        }
        let shared = try SharedFiles.folder("lab")
        for script in ["keeper.sh", "holder.sh", "chassis.sh", "bmc.emu"] {
            try Files.copy("\(shared)/\(script)", "\(folder)/\(script)", mode: 0o755)
        }
        let maker = try SandboxMaker(folder: folder)
        try fill(maker.sandbox, options, progress)
        try maker.keep()
    }

    private func fill(_ sandbox: Sandbox, _ options: Options, _ progress: (String) -> Void) throws(MusterError) {
        let machines = (1...options.machines).map { LabMachine(number: $0, options) }
        var record = LabRecord(sandbox: sandbox, acceleration: options.acceleration, machines: machines)
        try record.write(in: folder)
        try makeImages(options.watchdogs ? .full : .cloud, progress)
        try connect(machines, to: sandbox)

        if record.acceleration == nil {
            record.acceleration = try Acceleration.probe(
                in: sandbox, kernel: "\(bootFolder)/vmlinuz", ramdisk: "\(bootFolder)/ramdisk.gz", folder: folder,
                progress: progress)
        }
        try record.write(in: folder)
        try startControllers(machines, record.acceleration ?? .tcg, sandbox)
        try Files.write(LabFleet(machines: machines, folder: folder).text, fleetFile)
    }

    private func makeImages(_ flavour: KernelCache.Flavour, _ progress: (String) -> Void) throws(MusterError) {
        let kernel = try KernelCache.kernel(flavour, progress: progress)
        progress("making the boot ramdisk and the image of the server shop")
        var ramdisk = RamdiskBuilder(kernel: kernel)
        ramdisk.modules = RamdiskBuilder.virtualModules
        try ramdisk.build(into: bootFolder)
        for loader in ["undionly.kpxe", "snponly.efi"] { try Files.copy("/usr/lib/ipxe/\(loader)", "\(bootFolder)/\(loader)") }
        try ShopImage().write(to: "\(folder)/shop.raw")
    }

    /// One network card on the bridge for each machine.
    private func connect(_ machines: [LabMachine], to sandbox: Sandbox) throws(MusterError) {
        let lines = machines.map {
            "ip tuntap add dev \($0.tap) mode tap && ip link set \($0.tap) master lab0 && ip link set \($0.tap) up || exit 1\n"
        }
        try Command.run(sandbox.prefix + ["sh", "-c", lines.joined()], hint: "the kernel must allow tap devices (module tun)")
    }

    private func startControllers(
        _ machines: [LabMachine], _ acceleration: Acceleration, _ sandbox: Sandbox
    ) throws(MusterError) {
        // At most 16 characters: IPMI 1.5 takes no more.
        let password = (0..<16).map { _ in String("abcdefghijkmnopqrstuvwxyz23456789".randomElement() ?? "a") }.joined()
        try Files.write(password, passwordFile, mode: 0o600)
        let controllers = machines.map {
            ManagementController(machine: $0, folder: machineFolder($0.name), password: password, lab: folder)
        }
        for controller in controllers {
            try controller.prepare(acceleration: acceleration)
            try controller.start(in: sandbox)
        }
        let end = ContinuousClock.now + .seconds(20)
        while true {
            let sockets = String(decoding: try Command.run(sandbox.prefix + ["cat", "/proc/net/udp"]), as: UTF8.self)
            guard let silent = controllers.first(where: { !$0.isListening(sockets: sockets) }) else { return }
            guard ContinuousClock.now < end else {
                let log = (try? String(contentsOfFile: "\(silent.folder)/bmc.log", encoding: .utf8)) ?? ""
                throw MusterError(
                    .bmcSilent, "the BMC of \(silent.machine.name) does not listen: \(log.suffix(200))",
                    hint: "package openipmi has ipmi_sim")
            }
            usleep(50_000)
        }
    }

    /// Makes the folder or takes a dead lab's; the returned descriptor keeps other makers away while it is open.
    private func takeFolder() throws(MusterError) -> Int32 {
        guard !isUp else {
            throw MusterError(
                "lab_up", "the lab is up already", hint: "`muster lab status` shows it, `muster lab down` ends it",
                subject: folder)
        }
        try Files.makeFolder(folder, mode: 0o700)
        try checkOurs()
        let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            if lock >= 0 { close(lock) }
            throw MusterError("lab_up", "another process is bringing the lab up or down", hint: "wait for it", subject: folder)
        }
        try LabRecord.read(in: folder)?.sandbox.end()
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(entry)")
        }
        return lock
    }
}
