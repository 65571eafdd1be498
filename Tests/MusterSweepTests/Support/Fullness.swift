import MusterCore
import SweepWire
import Testing

/// A full disk, as the engine's users see it.
struct Fullness {
    private var refusals = 0
    private(set) var wasAsked = false

    /// The engine lives on its reserve: whatever is new must be refused, with the error that says why.
    mutating func isShort(_ story: SweepStory, _ engine: EngineLife) async throws {
        if wasAsked { return }
        wasAsked = true
        for request in Self.news {
            let code = try await Self.code(request, engine)
            if code != .storeFull {
                story.fleet.violate("\(request["request"].json) was answered while the disk was full: \(code?.rawValue ?? "accepted")")
            }
        }
    }

    /// Turns fail for want of room: after a while somebody makes some.
    mutating func refused(_ story: SweepStory, _ engine: EngineLife) async throws {
        refusals += 1
        if refusals == 1 { try await isShort(story, engine) }
        if refusals == 3 { story.disk?.empty() }
    }

    /// There is room again, and the engine notices and takes on new work.
    static func ends(_ teller: inout Teller) async throws {
        guard let disk = teller.story.disk, disk.isFull else { return }
        try await wait(&teller, "the disk is full, and the engine does not notice") { $0["short"] == true }
        disk.empty()
        try await wait(&teller, "there is room again, and the engine does not notice") { $0["short"] == false }
        guard let engine = teller.engine else { return }
        if let code = try await code(news[0], engine) {
            teller.story.fleet.violate("there is room again, and a script is refused: \(code)")
        }
        try await wait(&teller, "the script does not end") { $0["runs"] == 0 }
    }

    private static func wait(_ teller: inout Teller, _ complaint: String, until holds: (Value) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            try await teller.goOn()
            if holds(teller.status) { return }
            guard ContinuousClock.now < deadline else { return teller.story.fleet.violate(complaint) }
        }
    }

    private static let news: [Value] = [
        ["request": "script", "arguments": ["source": "log('hello')", "file": "hello.lua"]],
        ["request": "server.start", "arguments": ["name": "shop"]],
        ["request": "apply", "arguments": ["source": "", "file": "fleet.lua"]],
        ["request": "evaluate", "arguments": ["session": "s", "text": "1 + 1"]],
    ]

    /// The error of a request; nil when it was accepted.
    private static func code(_ request: Value, _ engine: EngineLife) async throws -> MusterError.Code? {
        do {
            _ = try await engine.wire().request("control", request)
            return nil
        } catch let error as MusterError {
            return error.code
        }
    }
}
