import CLuaShim

/// Which short texts the C side keeps, by slot. Names of fields and states come again and again: naming a slot is cheaper than
/// writing, hashing and comparing their bytes.
///
/// A text is found by the bits of its `String`, whatever they mean: those of a string that is kept here, and so stays as it is,
/// belong to no other text. Equal texts may differ in bits, which costs a slot and no more.
///
/// A crossing that fails may end before Lua took a text. `settle` then forgets all of them, before any slot is named again.
struct KeptTexts {
    typealias Bits = (UInt64, UInt64)

    private static let slots = Int(MLUA_TEXT_SLOTS)
    private static let longest = 15
    private let bits: UnsafeMutablePointer<Bits>
    /// What the bits belong to.
    private let texts: UnsafeMutablePointer<String>
    /// Whether a text was written since its slot was last wanted by another.
    private let recent: UnsafeMutablePointer<Bool>
    /// How many texts were written with the order to keep them.
    private let written: UnsafeMutablePointer<UInt32>
    /// Too long to be kept: stands in the slots that hold none.
    private let none = String(repeating: " ", count: 100)

    init() {
        bits = .allocate(capacity: Self.slots)
        bits.initialize(repeating: Self.bits(none), count: Self.slots)
        texts = .allocate(capacity: Self.slots)
        texts.initialize(repeating: none, count: Self.slots)
        recent = .allocate(capacity: Self.slots)
        recent.initialize(repeating: false, count: Self.slots)
        written = .allocate(capacity: 1)
        written.initialize(to: 0)
    }

    func free() {
        bits.deallocate()
        texts.deinitialize(count: Self.slots)
        texts.deallocate()
        recent.deallocate()
        written.deallocate()
    }

    @inline(__always)
    static func bits(_ text: String) -> Bits { unsafeBitCast(text, to: Bits.self) }

    @inline(__always)
    static func slot(of bits: Bits) -> Int {
        let mixed = bits.0 ^ (bits.1 << 23 | bits.1 >> 41)
        return Int(truncatingIfNeeded: (mixed &* 0x9e37_79b9_7f4a_7c15) >> 56)
    }

    @inline(__always)
    func holds(_ wanted: Bits, at slot: Int) -> Bool {
        guard bits[slot] == wanted else { return false }
        recent[slot] = true
        return true
    }

    /// Whether a text shall lie in its slot from now on. Keys like `$type` are commands, which the other side reads by their bytes.
    func take(_ text: String, at slot: Int) -> Bool {
        guard text.utf8.count <= Self.longest, let first = text.utf8.first, first != UInt8(ascii: "$") else { return false }
        // A text used since another last wanted its slot keeps it: names of machines come and go, names of fields stay.
        if recent[slot] {
            recent[slot] = false
            return false
        }
        texts[slot] = text
        bits[slot] = Self.bits(text)
        written.pointee &+= 1
        return true
    }

    /// After a crossing: `kept` is how many texts the other side has taken in all.
    @inline(__always)
    func settle(_ kept: UInt32) {
        if kept != written.pointee { forget(kept) }
    }

    @inline(never)
    private func forget(_ kept: UInt32) {
        bits.update(repeating: Self.bits(none), count: Self.slots)
        texts.update(repeating: none, count: Self.slots)
        recent.update(repeating: false, count: Self.slots)
        written.pointee = kept
    }
}
