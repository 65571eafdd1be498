import MusterCore
import Synchronization

/// Keeps one part of the boot service running: what fails after its start is logged and started again, and an interface that was
/// removed and made anew gets new sockets.
struct Supervisor: Sendable {
    private static let pause: Duration = .seconds(1)
    private static let watchInterval: Duration = .seconds(2)

    private let part: any BootPart
    private let context: BootContext

    init(_ part: any BootPart, context: BootContext) {
        self.part = part
        self.context = context
    }

    /// Returns when the part serves. Errors: its own, when the first start fails.
    func start(register: (Task<Void, Never>) -> Void) async throws {
        let announcement = Announcement()
        register(Task { await keepRunning(announcement) })
        try await announcement.wait()
    }

    private func keepRunning(_ announcement: Announcement) async {
        while !Task.isCancelled {
            do {
                try await runOnce(announcement)
            } catch {
                // The first start's error goes to who asked for the start; later ones have the log only.
                if announcement.fail(error) || Task.isCancelled { return }
                context.logger.error("the boot service's \(part.name) ended, starting it again: \(error)")
            }
            try? await Task.sleep(for: Self.pause)
        }
        _ = announcement.fail(CancellationError())
    }

    private func runOnce(_ announcement: Announcement) async throws {
        let index = try DeviceSocket.index(of: context.network.interface)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await part.run { announcement.succeed() } }
            group.addTask { try await watchInterface(index) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Throws when the interface is another than the one that the sockets are bound to.
    private func watchInterface(_ index: UInt32) async throws {
        while true {
            try await Task.sleep(for: Self.watchInterval)
            guard try DeviceSocket.index(of: context.network.interface) == index else {
                throw MusterError("boot_network", "the interface was made anew", subject: context.network.interface)
            }
        }
    }
}

/// The outcome of a first start, told once.
private final class Announcement: Sendable {
    private let isTold = Mutex(false)
    private let stream: AsyncThrowingStream<Void, any Error>
    private let continuation: AsyncThrowingStream<Void, any Error>.Continuation

    init() { (stream, continuation) = AsyncThrowingStream.makeStream() }

    func succeed() {
        if tell() { continuation.finish() }
    }

    /// Whether this is the first outcome.
    func fail(_ error: any Error) -> Bool {
        let isFirst = tell()
        if isFirst { continuation.finish(throwing: error) }
        return isFirst
    }

    func wait() async throws {
        for try await _ in stream {}
    }

    private func tell() -> Bool {
        isTold.withLock { told in
            defer { told = true }
            return !told
        }
    }
}
