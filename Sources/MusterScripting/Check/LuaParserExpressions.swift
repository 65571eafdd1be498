// Expressions.
extension LuaParser {
    mutating func expressions() throws(LuaSyntaxError) -> [LuaExpression] {
        var list = [try expression()]
        while try accept(symbol: ",") { list.append(try expression()) }
        return list
    }

    mutating func expression() throws(LuaSyntaxError) -> LuaExpression { try expression(above: 0) }

    /// Left and right priority of the operators (lparser.c).
    private static let priorities: [String: (left: Int, right: Int)] = [
        "or": (1, 1), "and": (2, 2), "<": (3, 3), ">": (3, 3), "<=": (3, 3), ">=": (3, 3), "~=": (3, 3), "==": (3, 3),
        "|": (4, 4), "~": (5, 5),
        "&": (6, 6), "<<": (7, 7), ">>": (7, 7), "..": (9, 8), "+": (10, 10), "-": (10, 10), "*": (11, 11), "/": (11, 11),
        "//": (11, 11),
        "%": (11, 11), "^": (14, 13),
    ]
    private static let unaryPriority = 12

    private var binary: (symbol: String, left: Int, right: Int)? {
        switch token.kind {
        case .symbol(let text), .keyword(let text): Self.priorities[text].map { (text, $0.left, $0.right) }
        default: nil
        }
    }

    private mutating func expression(above limit: Int) throws(LuaSyntaxError) -> LuaExpression {
        try deeper()
        let at = token.at
        let first: LuaExpression
        switch token.kind {
        case .keyword("not"), .symbol("-"), .symbol("~"), .symbol("#"):
            let symbol = token.text
            try advance()
            first = LuaExpression(kind: .unary(symbol, try expression(above: Self.unaryPriority)), at: at)
        default: first = try simpleExpression()
        }
        var operands: [LuaOperand] = []
        while let next = binary, next.left > limit {
            try advance()
            operands.append(LuaOperand(symbol: next.symbol, value: try expression(above: next.right)))
        }
        shallower()
        return operands.isEmpty ? first : LuaExpression(kind: .chain(first, operands), at: at)
    }

    private mutating func simpleExpression() throws(LuaSyntaxError) -> LuaExpression {
        let at = token.at
        let kind: LuaExpression.Kind
        switch token.kind {
        case .number(let value): kind = .number(value)
        case .integer(let value): kind = .integer(value)
        case .text(let text): kind = .text(text)
        case .keyword("nil"): kind = .nil
        case .keyword("true"): kind = .true
        case .keyword("false"): kind = .false
        case .symbol("..."):
            guard scopes.isVariadic else { throw LuaSyntaxError(message: "'...' outside of a function with '...'", at: at) }
            kind = .variadic
        case .symbol("{"): return try table()
        case .keyword("function"):
            try advance()
            return LuaExpression(kind: .function(try functionBody(at: at, hasSelf: false)), at: at)
        default: return try suffixedExpression()
        }
        try advance()
        return LuaExpression(kind: kind, at: at)
    }

    /// A variable or something in parentheses, with the fields, indexes and calls that follow it.
    mutating func suffixedExpression() throws(LuaSyntaxError) -> LuaExpression {
        let at = token.at
        var first: LuaExpression
        if token.isSymbol("(") {
            try advance()
            first = LuaExpression(kind: .parenthesized(try expression()), at: at)
            try close(")", "(", at: at)
        } else if case .name = token.kind {
            first = variable(try name())
        } else {
            throw unexpected("an expression")
        }
        var suffixes: [LuaSuffix] = []
        while let suffix = try suffix() { suffixes.append(suffix) }
        if !suffixes.isEmpty { first = LuaExpression(kind: .suffixed(first, suffixes), at: at) }
        return first
    }

    func variable(_ name: LuaName) -> LuaExpression {
        let local = scopes.find(name.text)
        local?.reads += 1
        return LuaExpression(kind: .name(name, local), at: name.at)
    }

    private mutating func suffix() throws(LuaSyntaxError) -> LuaSuffix? {
        let at = token.at
        switch token.kind {
        case .symbol("."):
            try advance()
            let field = try name("a field's name")
            return LuaSuffix(kind: .field(field.text), at: field.at)
        case .symbol("["):
            try advance()
            let key = try expression()
            try close("]", "[", at: at)
            return LuaSuffix(kind: .index(key), at: at)
        case .symbol(":"):
            try advance()
            let method = try name("a method's name")
            guard let arguments = try arguments() else { throw unexpected("the method's arguments") }
            return LuaSuffix(kind: .method(method.text, arguments), at: method.at)
        default:
            guard let arguments = try arguments() else { return nil }
            return LuaSuffix(kind: .call(arguments), at: at)
        }
    }

    /// `(…)`, a text or a table as the arguments of a call; nil when there is none.
    private mutating func arguments() throws(LuaSyntaxError) -> [LuaExpression]? {
        let at = token.at
        switch token.kind {
        case .text(let text):
            try advance()
            return [LuaExpression(kind: .text(text), at: at)]
        case .symbol("{"): return [try table()]
        case .symbol("("):
            try advance()
            let values = token.isSymbol(")") || token.kind == .end ? [] : try expressions()
            try close(")", "(", at: at)
            return values
        default: return nil
        }
    }

    private mutating func table() throws(LuaSyntaxError) -> LuaExpression {
        let at = token.at
        try expect(symbol: "{")
        var items: [LuaItem] = []
        while !token.isSymbol("}"), token.kind != .end {
            items.append(try item())
            let separated = try accept(symbol: ",")
            if !separated {
                let isMore = try accept(symbol: ";")
                if !isMore { break }
            }
        }
        try close("}", "{", at: at)
        return LuaExpression(kind: .table(items), at: at)
    }

    private mutating func item() throws(LuaSyntaxError) -> LuaItem {
        let at = token.at
        if case .name(let text) = token.kind, try lookahead().isSymbol("=") {
            try advance()
            try advance()
            return LuaItem(key: .name(text), value: try expression(), at: at)
        }
        if token.isSymbol("[") {
            try advance()
            let key = try expression()
            try close("]", "[", at: at)
            try expect(symbol: "=")
            return LuaItem(key: .computed(key), value: try expression(), at: at)
        }
        return LuaItem(key: .position, value: try expression(), at: at)
    }

    /// Parameters and statements, up to and with `end`.
    mutating func functionBody(at: Int, hasSelf: Bool) throws(LuaSyntaxError) -> LuaBody {
        let function = LuaBody(at: at)
        var names: [LuaName] = hasSelf ? [LuaName(text: "self", at: at)] : []
        let opening = token.at
        try expect(symbol: "(")
        if !token.isSymbol(")") {
            repeat {
                if try accept(symbol: "...") {
                    function.isVariadic = true
                    break
                }
                names.append(try name("a parameter's name"))
            } while try accept(symbol: ",")
        }
        try close(")", "(", at: opening)
        scopes.enterFunction(isVariadic: function.isVariadic)
        function.parameters = names.enumerated().map { index, name in
            let local = LuaLocal(name.text, at: name.at)
            origins.add(.parameter(function, index: index), to: local)
            scopes.declare(local)
            return local
        }
        function.body = try block()
        try close("end", "function", at: at)
        try scopes.leaveFunction()
        return function
    }
}

extension LuaExpression {
    var isCall: Bool {
        guard case .suffixed(_, let suffixes) = kind, let last = suffixes.last else { return false }
        switch last.kind {
        case .call, .method: return true
        case .field, .index: return false
        }
    }

    var isVariable: Bool {
        switch kind {
        case .name: return true
        case .suffixed: return !isCall
        default: return false
        }
    }

    /// Whether it can give any number of values.
    var isMultiple: Bool {
        if case .variadic = kind { return true }
        return isCall
    }
}
