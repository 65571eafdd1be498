import MusterCore
import Testing

@testable import muster

/// Tables: alignment, widths, what is cut.
@Suite struct TableTests {
    private let plain = Style(isColoured: false)

    private func table() -> Table {
        var table = Table("NAME", ">SIZE", "NEVER", "NOTE")
        table.add("a", "1", "", "short")
        table.add("longer", "1000", "", "a note that is much longer than the others", notes: [Table.Cell("reason: why")])
        return table
    }

    @Test func columnsAreAligned() {
        #expect(
            table().lines(plain, width: nil) == [
                "NAME    SIZE  NOTE", "a          1  short", "longer  1000  a note that is much longer than the others",
                "    reason: why",
            ])
    }

    @Test func theLastColumnIsCutToTheTerminal() {
        let lines = table().lines(plain, width: 30)
        #expect(lines[2] == "longer  1000  a note that is …")
        #expect(lines.allSatisfy { TextWidth.of($0) <= 30 })
    }

    @Test func coloursTakeNoRoom() {
        var coloured = Table("A", "B")
        coloured.add(.state("running"), "x")
        coloured.add(.state("off"), "y")
        let lines = coloured.lines(Style(isColoured: true), width: nil)
        #expect(lines[1] == "\u{1B}[32mrunning\u{1B}[0m  x")
        #expect(lines[2] == "\u{1B}[2moff\u{1B}[0m      y")
    }

    @Test func wideAndCombiningCharactersKeepTheColumnsStraight() {
        var table = Table("A", "B")
        table.add("日本", "x")
        table.add("e\u{301}", "y")
        table.add("🚀", "z")
        let lines = table.lines(plain, width: nil)
        #expect(lines == ["A     B", "日本  x", "e\u{301}     y", "🚀    z"])
    }

    @Test(arguments: [
        ("", 0), ("abc", 3), ("ä", 1), ("a\u{308}", 1), ("日本語", 6), ("한국", 4), ("👩‍👩‍👧", 2), ("🇩🇪", 2),
        ("ｗｉｄｅ", 8), ("\u{200B}", 0),
    ])
    func widths(text: String, columns: Int) {
        #expect(TextWidth.of(text) == columns)
    }

    @Test func cuttingNeverSplitsACharacter() {
        #expect(TextWidth.cut("日本語", to: 6) == "日本語")
        #expect(TextWidth.cut("日本語", to: 5) == "日本…")
        #expect(TextWidth.cut("日本語", to: 4) == "日…")
        #expect(TextWidth.cut("abc", to: 1) == "…")
        #expect(TextWidth.cut("abc", to: 0) == "")
    }

    @Test func controlCharactersBecomeVisible() {
        #expect(TextWidth.clean("plain ä 日") == "plain ä 日")
        #expect(TextWidth.clean("a\u{1B}[31mb") == "a\u{FFFD}[31mb")
        #expect(TextWidth.clean("a\nb\tc") == "a b c")
        #expect(TextWidth.clean("\u{202E}x\u{2066}") == "\u{FFFD}x\u{FFFD}")
    }
}
