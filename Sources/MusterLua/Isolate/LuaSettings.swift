import CLuaShim

/// The limits of an isolate.
public struct LuaSettings: Sendable, Hashable {
    /// What ends a slice: the time between two waits of a strand.
    public enum SliceLimit: Sendable, Hashable {
        /// Processor time; costs nothing until it is over.
        case processorTime(milliseconds: Int)
        /// A count of instructions: the same on every machine, at half the speed. For simulation.
        case instructions(Int)
        case none
    }

    /// Where scripts execute.
    public enum Placement: Sendable, Hashable {
        /// On a thread of the isolate's own.
        case thread
        /// On the caller's thread, which must be one at a time.
        case inline
    }

    /// Bytes of Lua's heap.
    public var memoryLimit = 64 << 20
    public var slice = SliceLimit.processorTime(milliseconds: 50)
    /// Processor time after which a slice that hangs inside one C function is torn out, and the isolate is lost; nil: never.
    public var stuckAfterMilliseconds: Int? = 5000
    /// Bytes of one crossing: the arguments of a call, the results of a run.
    public var messageLimit = 16 << 20
    public var placement = Placement.thread
    /// Counts the lines that are executed, at many times the cost; nil: nobody asks.
    public var coverage: LuaCoverage?

    public init() {}

    func encoded(context: UnsafeMutableRawPointer) -> mlua_settings {
        var settings = mlua_settings(
            memory_limit: memoryLimit, message_limit: messageLimit, slice_nanoseconds: 0,
            stuck_nanoseconds: Int64(stuckAfterMilliseconds ?? 0) * 1_000_000, instruction_limit: 0, context: context,
            call: LuaHost.call, load: LuaHost.load)
        switch slice {
        case .processorTime(let milliseconds): settings.slice_nanoseconds = Int64(milliseconds) * 1_000_000
        case .instructions(let count): settings.instruction_limit = Int64(count)
        case .none: break
        }
        return settings
    }
}
