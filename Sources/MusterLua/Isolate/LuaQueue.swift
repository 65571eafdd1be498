import Foundation

/// The isolate's thread and the work waiting for it.
///
/// The thread keeps the Lua state alive until its last work is done, so that giving an isolate up waits for nothing.
final class LuaQueue: @unchecked Sendable {
    typealias Work = @Sendable (Lua?) -> Void

    private let condition = NSCondition()
    private var waiting: [Work] = []
    private var isClosed = false
    private var isAbandoned = false

    init(_ lua: Lua, onStuck: @escaping @Sendable () -> Void) {
        let owned = Owned(lua: lua)
        let thread = Thread { [self] in execute(owned.lua, onStuck: onStuck) }
        thread.name = "lua"
        // Lua nests up to 200 calls in C, each with a buffer on the stack.
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Lua is handed to the new thread and, but for interruptions, used by no other.
    private struct Owned: @unchecked Sendable { let lua: Lua }

    func append(_ work: @escaping Work) {
        condition.lock()
        let refused = isAbandoned || isClosed
        if !refused {
            waiting.append(work)
            if waiting.count == 1 { condition.signal() }
        }
        condition.unlock()
        if refused { work(nil) }
    }

    /// Ends the thread after the work given so far.
    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }

    /// Refuses the work given so far, and ends the thread after what it executes now.
    func abandon() {
        condition.lock()
        isAbandoned = true
        let refused = waiting
        waiting = []
        condition.signal()
        condition.unlock()
        for work in refused { work(nil) }
    }

    /// All work there is, or nil at the end.
    private func next() -> [Work]? {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty {
            if isClosed || isAbandoned { return nil }
            condition.wait()
        }
        let taken = waiting
        waiting = []
        return taken
    }

    private var abandoned: Bool {
        condition.lock()
        defer { condition.unlock() }
        return isAbandoned
    }

    private func execute(_ lua: Lua, onStuck: @Sendable () -> Void) {
        var reported = false
        while let taken = next() {
            for work in taken {
                work(abandoned ? nil : lua)
                if lua.isStuck, !reported {
                    reported = true
                    onStuck()
                }
            }
        }
    }
}
