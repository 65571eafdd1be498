import Foundation
import MusterCore

/// A Lua state of its own with its limits, confined to one thread: what executes one policy.
///
/// Scripts see the library that the preludes make (their globals), Lua's harmless functions, and nothing else. See `Lua` for
/// what can be done inside `perform`.
public final class LuaIsolate: @unchecked Sendable {
    private let lua: Lua
    private let queue: LuaQueue?

    /// Opens a state, runs the preludes and makes their library read-only.
    ///
    /// - Parameters:
    ///   - functions: What preludes find in `host`.
    ///   - preludes: Trusted source; its globals become the library of all scripts. `host.class(name, members)` gives values
    ///     whose `$type` is `name` their methods and metamethods.
    ///   - modules: Answers `require`; called on the isolate's thread.
    ///   - onStuck: Called once, on the isolate's thread, when a slice hung in C code and was torn out; the owner replaces the
    ///     isolate, whose calls all fail with `stuck` from then on.
    /// - Throws: `memory`, or the error of a prelude.
    public init(
        _ settings: LuaSettings = LuaSettings(), functions: [LuaHostFunction] = [], preludes: [LuaSource] = [],
        modules: @escaping LuaModuleLoader = { _ throws(MusterError) in nil },
        onStuck: @escaping @Sendable () -> Void = {}
    ) throws(MusterError) {
        lua = try Lua(settings, host: LuaHost(functions: functions, modules: modules), preludes: preludes)
        queue = settings.placement == .thread ? LuaQueue(lua, onStuck: onStuck) : nil
    }

    deinit { queue?.close() }

    /// Runs work on the isolate's thread, after what was given before. Errors: what the work throws; `abandoned`.
    public func perform<T: Sendable>(_ work: @escaping @Sendable (Lua) throws -> T) async throws -> T {
        guard let queue else { return try work(lua) }
        return try await withCheckedThrowingContinuation { continuation in
            queue.append { lua in
                guard let lua else {
                    continuation.resume(throwing: MusterError(.abandoned, "this isolate was given up"))
                    return
                }
                continuation.resume(with: Result { try work(lua) })
            }
        }
    }

    /// Runs work on the isolate's thread without waiting; it gets nil when the isolate was abandoned before.
    public func submit(_ work: @escaping @Sendable (Lua?) -> Void) {
        guard let queue else { return work(lua) }
        queue.append(work)
    }

    /// Runs work at once on the caller's thread. Only for isolates placed `inline`.
    public func performInline<T>(_ work: (Lua) throws -> T) rethrows -> T {
        precondition(queue == nil, "this isolate has a thread of its own")
        return try work(lua)
    }

    /// Ends the slice running now with the error `budget`; callable from any thread.
    public func interrupt() { lua.interrupt() }

    /// Gives the isolate up at once: waiting work fails with `abandoned`, a running slice is interrupted, nothing is waited for.
    public func abandon() {
        queue?.abandon()
        lua.abandon()
    }
}
