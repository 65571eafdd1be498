/// Rows of words in aligned columns.
struct Table {
    enum Alignment { case left, right }

    struct Column {
        var title: String
        var alignment = Alignment.left
    }

    struct Cell: ExpressibleByStringLiteral {
        var text: String
        var ink: Ink

        init(_ text: String, _ ink: Ink = .plain) {
            self.text = TextWidth.clean(text)
            self.ink = ink
        }
        init(stringLiteral value: String) { self.init(value) }

        /// A state word in its ink.
        static func state(_ word: String) -> Cell { Cell(word, .state(word)) }
    }

    struct Row {
        var cells: [Cell]
        /// Lines under the row.
        var notes: [Cell] = []
    }

    private let columns: [Column]
    private var rows: [Row] = []

    /// Titles; those that begin with `>` are aligned to the right.
    init(_ titles: String...) {
        columns = titles.map { $0.hasPrefix(">") ? Column(title: String($0.dropFirst()), alignment: .right) : Column(title: $0) }
    }

    mutating func add(_ cells: Cell..., notes: [Cell] = []) { rows.append(Row(cells: cells, notes: notes)) }

    /// The lines of the table, cut to a width where there is one. Columns without a word are left out.
    func lines(_ style: Style, width: Int?) -> [String] {
        let used = columns.indices.filter { index in rows.contains { !$0.cells[index].text.isEmpty } }
        let widths = used.map { index in
            rows.map { TextWidth.of($0.cells[index].text) }.reduce(TextWidth.of(columns[index].title), max)
        }
        let titles = used.map { Cell(columns[$0].title, .faint) }
        let head = line(titles, used, widths, style, width)
        return [head]
            + rows.flatMap { row in
                [line(used.map { row.cells[$0] }, used, widths, style, width)] + row.notes.map { note(in: $0, style, width) }
            }
    }

    private func line(_ cells: [Cell], _ used: [Int], _ widths: [Int], _ style: Style, _ limit: Int?) -> String {
        var text = ""
        var column = 0
        for (place, cell) in cells.enumerated() {
            let isLast = place == cells.count - 1
            let room = isLast ? limit.map { max(8, $0 - column) } : nil
            let shown = room.map { TextWidth.cut(cell.text, to: $0) } ?? cell.text
            let padding = String(repeating: " ", count: max(0, widths[place] - TextWidth.of(shown)))
            switch columns[used[place]].alignment {
            case .right: text += padding + style(shown, cell.ink)
            case .left: text += style(shown, cell.ink) + (isLast ? "" : padding)
            }
            if !isLast { text += "  " }
            column += widths[place] + 2
        }
        while text.last == " " { text.removeLast() }
        return text
    }

    private func note(in cell: Cell, _ style: Style, _ limit: Int?) -> String {
        "    " + style(limit.map { TextWidth.cut(cell.text, to: max(8, $0 - 4)) } ?? cell.text, cell.ink)
    }
}

extension Screen {
    func table(_ table: Table) -> [String] { table.lines(style, width: width) }
}
