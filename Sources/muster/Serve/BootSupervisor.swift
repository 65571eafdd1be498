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
    func status() -> Fields {
        var fields: Fields = [:]
        if let service, let counters = try? Value(encoding: service.counters) { fields["boot"] = counters }
        if let problem { fields["boot_problem"] = .string(problem) }
        return fields
    }

    /// Whether the interface exists, is up, and has a carrier. A bridge has one only while some machine on it is on, so its carrier says
    /// nothing of the engine's own connection.
    private static func isUp(_ interface: String) -> Bool {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return false }
        defer { freeifaddrs(first) }
        let all = sequence(first: first) { $0?.pointee.ifa_next }.prefix { $0 != nil }.compactMap { $0?.pointee }
        guard let found = all.first(where: { String(cString: $0.ifa_name) == interface }) else { return false }
        return found.ifa_flags & UInt32(IFF_UP) != 0 && hasCarrier(interface)
    }

    private static func hasCarrier(_ interface: String) -> Bool {
        let folder = "/sys/class/net/\(interface)"
        let isBridge = FileManager.default.fileExists(atPath: folder + "/bridge")
        guard !isBridge, let data = FileManager.default.contents(atPath: folder + "/carrier") else { return true }
        return String(decoding: data, as: UTF8.self).hasPrefix("1")
    }
}
