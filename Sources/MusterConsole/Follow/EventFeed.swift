import MusterCore
import MusterEngine
import ServiceLifecycle

/// The events after a number, then each new one as it becomes durable.
///
/// New events only wake it; what it sends it reads from the store, page by page, after the last number it sent. So nothing is
/// missed or sent twice between history and present, and a slow reader costs one page of memory.
struct EventFeed: Sendable {
    private let loop: EngineLoop
    private let start: EventID
    private let pageSize: Int
    private let beat: Duration

    /// Without a number it starts at now. `beat` is the time after which an empty line tells a silent stream from a dead one.
    init(_ loop: EngineLoop, after: EventID?, pageSize: Int = 256, beat: Duration = .seconds(15)) async throws {
        self.loop = loop
        self.pageSize = pageSize
        self.beat = beat
        if let after {
            start = after
        } else {
            start = try await loop.turn { engine, _ in engine.world.general.lastEvent }
        }
    }

    /// Writes lines of JSON until the server stops, its task is cancelled or `write` fails; an error of the store is the last line, `{"error": …}`.
    func run(_ write: (String) async throws -> Void) async throws {
        let (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let observer = await loop.observe { _ in waker.yield() }
        let beat = beat
        let clock = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: beat)
                waker.yield()
            }
        }
        do {
            try await withGracefulShutdownHandler {
                try await send(wakes, write)
            } onGracefulShutdown: {
                waker.finish()
            }
        } catch {
            clock.cancel()
            await loop.stopObserving(observer)
            throw error
        }
        clock.cancel()
        await loop.stopObserving(observer)
    }

    private func send(_ wakes: AsyncStream<Void>, _ write: (String) async throws -> Void) async throws {
        var last = start
        var wake = wakes.makeAsyncIterator()
        repeat {
            var sent = 0
            while true {
                let page: [Event]
                do {
                    page = try await loop.store.events(after: last, limit: pageSize)
                } catch {
                    try await write(Self.line(error))
                    return
                }
                try Task.checkCancellation()
                guard let newest = page.last else { break }
                try await write(try page.map { try Value(encoding: $0).json + "\n" }.joined())
                last = newest.id
                sent += page.count
            }
            if sent == 0 { try await write("\n") }
        } while await wake.next() != nil
    }

    private static func line(_ error: any Error) -> String {
        let error = error as? MusterError ?? MusterError(.storeFailed, "\(error)")
        return Value.object(["error": (try? Value(encoding: error)) ?? .null]).json + "\n"
    }
}
