import Foundation

/// SplitMix64: the same numbers for the same seed. `MUSTER_FUZZ_SEED` replays a run, `MUSTER_FUZZ_INPUTS` makes it longer.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    static func seed() -> UInt64 {
        ProcessInfo.processInfo.environment["MUSTER_FUZZ_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...UInt64.max)
    }

    static func inputs(default number: Int) -> Int {
        ProcessInfo.processInfo.environment["MUSTER_FUZZ_INPUTS"].flatMap(Int.init) ?? number
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
