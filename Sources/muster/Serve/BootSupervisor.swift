import Foundation
import Logging
import MusterCore
import MusterEngine
import MusterNetboot

/// Keeps the boot service running on the declared network, and watches that network's interface.
actor BootSupervisor {
    private let loop: EngineLoop
    private let logger: Logger
    private var service: BootService?
    private var running: BootNetwork?
    private var problem: String?

    init(loop: EngineLoop, logger: Logger) {
        self.loop = loop
        self.logger = logger
    }

    /// Starts, stops or moves the service as the fleet declares. Returns whether the interface is up, nil when none is declared.
    func refresh() async -> Bool? {
        guard let wanted = try? await loop.turn({ engine, _ in engine.world.general.bootNetwork }) else { return nil }
        if wanted != running { await start(wanted) }
        return Self.isUp(wanted.interface)
    }

    private func start(_ network: BootNetwork) async {
        await stop()
        let service = BootService(network: network, authority: loop, logger: logger)
        do {
            try await service.start()
            self.service = service
            running = network
            problem = nil
            logger.info("boot service on \(network.interface), \(network.address)")
        } catch {
            if problem != "\(error)" { logger.error("\(error)") }
            problem = "\(error)"
        }
    }

    func stop() async {
        await service?.stop()
        service = nil
        running = nil
    }

    /// What `muster status` tells of the boot service.
    func status() -> [String: Value] {
        var fields: [String: Value] = [:]
        if let service, let counters = try? Value(encoding: service.counters) { fields["boot"] = counters }
        if let problem { fields["boot_problem"] = .string(problem) }
        return fields
    }

    /// Whether the interface exists and carries traffic. A bridge without ports in use reads `unknown` or `down` while it works.
    private static func isUp(_ interface: String) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/sys/class/net/\(interface)/flags"),
            let flags = Int(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).dropFirst(2), radix: 16)
        else { return false }
        return flags & 1 != 0 && carrier(interface)
    }

    private static func carrier(_ interface: String) -> Bool {
        let isBridge = FileManager.default.fileExists(atPath: "/sys/class/net/\(interface)/bridge")
        guard !isBridge, let data = FileManager.default.contents(atPath: "/sys/class/net/\(interface)/carrier") else { return true }
        return String(decoding: data, as: UTF8.self).hasPrefix("1")
    }
}
