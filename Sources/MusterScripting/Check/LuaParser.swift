/// Parses Lua 5.4 source to a tree with places, as lparser.c does: statements and blocks. Expressions are in `LuaParser+Expressions`.
struct LuaParser {
    private var lexer: LuaLexer
    var token: LuaToken
    private var ahead: LuaToken?
    var scopes = LuaScopes()
    var origins = LuaOrigins()
    private var depth = 0

    /// Levels of nesting, as Lua's LUAI_MAXCCALLS.
    static let depthLimit = 200

    /// The file as a tree. Errors: the first thing that is wrong, with its place.
    static func parse(_ bytes: [UInt8]) throws(LuaSyntaxError) -> LuaTree {
        var parser = try LuaParser(bytes)
        let main = LuaBody(at: 0)
        main.isVariadic = true
        parser.scopes.enterFunction(isVariadic: true)
        main.body = try parser.block()
        guard parser.token.kind == .end else { throw parser.unexpected("a statement") }
        try parser.scopes.leaveFunction()
        return LuaTree(main: main, origins: parser.origins)
    }

    private init(_ bytes: [UInt8]) throws(LuaSyntaxError) {
        lexer = LuaLexer(bytes)
        token = try lexer.next()
    }

    // MARK: Tokens

    mutating func advance() throws(LuaSyntaxError) {
        if let next = ahead {
            token = next
            ahead = nil
        } else {
            token = try lexer.next()
        }
    }

    mutating func lookahead() throws(LuaSyntaxError) -> LuaToken {
        if let ahead { return ahead }
        let next = try lexer.next()
        ahead = next
        return next
    }

    func unexpected(_ expected: String) -> LuaSyntaxError {
        LuaSyntaxError(message: "expected \(expected), found \(token.shown)", at: token.at)
    }

    mutating func accept(symbol: String) throws(LuaSyntaxError) -> Bool {
        guard token.isSymbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func accept(keyword: String) throws(LuaSyntaxError) -> Bool {
        guard token.isKeyword(keyword) else { return false }
        try advance()
        return true
    }

    mutating func expect(symbol: String) throws(LuaSyntaxError) {
        guard try accept(symbol: symbol) else { throw unexpected("'\(symbol)'") }
    }

    mutating func expect(keyword: String) throws(LuaSyntaxError) {
        guard try accept(keyword: keyword) else { throw unexpected("'\(keyword)'") }
    }

    /// The word that closes what began at `opener`.
    mutating func close(_ word: String, _ opener: String, at: Int) throws(LuaSyntaxError) {
        let isOver = word.first?.isLetter == true ? try accept(keyword: word) : try accept(symbol: word)
        guard isOver else {
            var error = unexpected("'\(word)'")
            error.hint = "it closes the '\(opener)' of line \(LuaParser.lineMark)\(at)"
            throw error
        }
    }

    /// Stands in hints before an offset that `SourceText` turns into a line.
    static let lineMark = "\u{1}"

    mutating func name(_ what: String = "a name") throws(LuaSyntaxError) -> LuaName {
        guard case .name(let text) = token.kind else { throw unexpected(what) }
        let at = token.at
        try advance()
        return LuaName(text: text, at: at)
    }

    mutating func deeper() throws(LuaSyntaxError) {
        depth += 1
        guard depth <= Self.depthLimit else { throw LuaSyntaxError(message: "this is nested too deep", at: token.at) }
    }

    mutating func shallower() { depth -= 1 }

    // MARK: Blocks

    private var isBlockEnd: Bool {
        if case .keyword(let word) = token.kind { return ["else", "elseif", "end", "until"].contains(word) }
        return token.kind == .end
    }

    /// Statements up to the word that ends them.
    mutating func block() throws(LuaSyntaxError) -> LuaBlock {
        var block = LuaBlock()
        while !isBlockEnd {
            if token.isKeyword("return") {
                try deeper()
                block.statements.append(try returned())
                shallower()
                break
            }
            block.statements.append(try statement())
        }
        return block
    }

    private mutating func scopedBlock(isLoop: Bool = false) throws(LuaSyntaxError) -> LuaBlock {
        scopes.enterBlock(isLoop: isLoop)
        let block = try block()
        try scopes.leaveBlock()
        return block
    }

    private mutating func returned() throws(LuaSyntaxError) -> LuaStatement {
        let at = token.at
        try advance()
        let values = isBlockEnd || token.isSymbol(";") ? [] : try expressions()
        _ = try accept(symbol: ";")
        return LuaStatement(kind: .return(values), at: at)
    }

    // MARK: Statements

    private mutating func statement() throws(LuaSyntaxError) -> LuaStatement {
        try deeper()
        let at = token.at
        let kind = try statementKind()
        shallower()
        return LuaStatement(kind: kind, at: at)
    }

    private mutating func statementKind() throws(LuaSyntaxError) -> LuaStatement.Kind {
        let at = token.at
        switch token.kind {
        case .symbol(";"):
            try advance()
            return .other
        case .symbol("::"):
            try label()
            return .other
        case .keyword(let word):
            switch word {
            case "if": return try conditional()
            case "while":
                try advance()
                let condition = try expression()
                try expect(keyword: "do")
                scopes.enterBlock(isLoop: true)
                let body = try scopedBlock()
                try close("end", word, at: at)
                try scopes.leaveBlock()
                return .while(condition, body)
            case "do":
                try advance()
                let body = try scopedBlock()
                try close("end", word, at: at)
                return .do(body)
            case "for": return try loop()
            case "repeat": return try repeated()
            case "function": return try function()
            case "local":
                try advance()
                return try accept(keyword: "function") ? try localFunction() : try locals()
            case "break":
                try advance()
                scopes.jump(to: "break", at: at)
                return .other
            case "goto":
                try advance()
                scopes.jump(to: try name("a label's name").text, at: at)
                return .other
            default: break
            }
        default: break
        }
        return try callOrAssignment()
    }

    private mutating func label() throws(LuaSyntaxError) {
        try advance()
        let name = try name("a label's name")
        try expect(symbol: "::")
        while token.isSymbol(";") || token.isSymbol("::") { _ = try statement() }
        let isLast = isBlockEnd && !token.isKeyword("until")
        try scopes.label(name.text, at: name.at, isLast: isLast)
    }

    private mutating func conditional() throws(LuaSyntaxError) -> LuaStatement.Kind {
        let at = token.at
        var branches: [(condition: LuaExpression, block: LuaBlock)] = []
        var otherwise: LuaBlock?
        repeat {
            try advance()
            let condition = try expression()
            try expect(keyword: "then")
            branches.append((condition, try scopedBlock()))
        } while token.isKeyword("elseif")
        if try accept(keyword: "else") { otherwise = try scopedBlock() }
        try close("end", "if", at: at)
        return .if(branches, otherwise)
    }

    private mutating func repeated() throws(LuaSyntaxError) -> LuaStatement.Kind {
        let at = token.at
        try advance()
        scopes.enterBlock(isLoop: true)
        scopes.enterBlock(isLoop: false)
        let body = try block()
        try close("until", "repeat", at: at)
        let condition = try expression()
        try scopes.leaveBlock()
        try scopes.leaveBlock()
        return .repeat(body, condition)
    }

    private mutating func loop() throws(LuaSyntaxError) -> LuaStatement.Kind {
        let at = token.at
        try advance()
        scopes.enterBlock(isLoop: true)
        let first = try name()
        let kind: LuaStatement.Kind
        if try accept(symbol: "=") {
            var bounds = [try expression()]
            try expect(symbol: ",")
            bounds.append(try expression())
            if try accept(symbol: ",") { bounds.append(try expression()) }
            let counter = LuaLocal(first.text, at: first.at)
            origins.add(.counter, to: counter)
            kind = .numericFor(counter, bounds, try loopBody([counter]))
        } else {
            var names = [first]
            while try accept(symbol: ",") { names.append(try name()) }
            guard token.isKeyword("in") else { throw unexpected("'=' or 'in'") }
            try advance()
            let values = try expressions()
            let locals = names.enumerated().map { index, name in
                let local = LuaLocal(name.text, at: name.at)
                origins.add(.loop(values, index: index), to: local)
                return local
            }
            kind = .genericFor(locals, values, try loopBody(locals))
        }
        try close("end", "for", at: at)
        try scopes.leaveBlock()
        return kind
    }

    private mutating func loopBody(_ locals: [LuaLocal]) throws(LuaSyntaxError) -> LuaBlock {
        try expect(keyword: "do")
        scopes.enterBlock(isLoop: false)
        for local in locals { scopes.declare(local) }
        let body = try block()
        try scopes.leaveBlock()
        return body
    }

    private mutating func function() throws(LuaSyntaxError) -> LuaStatement.Kind {
        let at = token.at
        try advance()
        let first = try name("the function's name")
        var target = variable(first)
        var suffixes: [LuaSuffix] = []
        var isMethod = false
        while !isMethod, token.isSymbol(".") || token.isSymbol(":") {
            isMethod = token.isSymbol(":")
            try advance()
            let field = try name()
            suffixes.append(LuaSuffix(kind: .field(field.text), at: field.at))
        }
        if !suffixes.isEmpty { target = LuaExpression(kind: .suffixed(target, suffixes), at: first.at) }
        let function = try functionBody(at: at, hasSelf: isMethod)
        if suffixes.isEmpty, case .name(_, let local?) = target.kind {
            guard !local.isConstant else { throw constant(first) }
            origins.add(.function(function), to: local)
        }
        return .function(target, isMethod: isMethod, function)
    }

    private mutating func localFunction() throws(LuaSyntaxError) -> LuaStatement.Kind {
        let name = try name("the function's name")
        let local = LuaLocal(name.text, at: name.at)
        scopes.declare(local)
        let function = try functionBody(at: name.at, hasSelf: false)
        origins.add(.function(function), to: local)
        return .localFunction(local, function)
    }

    private mutating func locals() throws(LuaSyntaxError) -> LuaStatement.Kind {
        var locals: [LuaLocal] = []
        var closes = false
        repeat {
            let name = try name()
            var isConstant = false
            if try accept(symbol: "<") {
                let attribute = try self.name("const or close")
                try expect(symbol: ">")
                guard attribute.text == "const" || attribute.text == "close" else {
                    throw LuaSyntaxError(
                        message: "there is no attribute '\(attribute.text)'", at: attribute.at, hint: "<const> or <close>")
                }
                guard attribute.text == "const" || !closes else {
                    throw LuaSyntaxError(message: "only one local of a statement can be <close>", at: attribute.at)
                }
                closes = closes || attribute.text == "close"
                isConstant = true
            }
            locals.append(LuaLocal(name.text, at: name.at, isConstant: isConstant))
        } while try accept(symbol: ",")
        let values = try accept(symbol: "=") ? try expressions() : []
        for (index, local) in locals.enumerated() {
            origins.add(.value(values, index: index), to: local)
            scopes.declare(local)
        }
        return .local(locals, values)
    }

    private mutating func callOrAssignment() throws(LuaSyntaxError) -> LuaStatement.Kind {
        let first = try suffixedExpression()
        guard token.isSymbol("=") || token.isSymbol(",") else {
            guard first.isCall else {
                var error = LuaSyntaxError(message: "a statement is a call or an assignment; this is neither", at: first.at)
                if token.kind != .end {
                    error = LuaSyntaxError(message: "expected '=' or a call, found \(token.shown)", at: token.at)
                }
                throw error
            }
            return .call(first)
        }
        var targets = [first]
        while try accept(symbol: ",") {
            targets.append(try suffixedExpression())
            try deeper()
        }
        for _ in targets.dropFirst() { shallower() }
        for target in targets {
            guard target.isVariable else { throw LuaSyntaxError(message: "nothing can be assigned to this", at: target.at) }
        }
        try expect(symbol: "=")
        let values = try expressions()
        for (index, target) in targets.enumerated() {
            guard case .name(let name, let local?) = target.kind else { continue }
            guard !local.isConstant else { throw constant(name) }
            origins.add(.value(values, index: index), to: local)
        }
        return .assign(targets, values)
    }

    private func constant(_ name: LuaName) -> LuaSyntaxError {
        LuaSyntaxError(message: "'\(name.text)' is constant and cannot be assigned", at: name.at)
    }
}
