/// The names, labels and jumps of the function being parsed, by the rules of lparser.c.
struct LuaScopes {
    private struct Block {
        var isLoop: Bool
        var locals: Int
        var firstLabel: Int
        var firstJump: Int
    }

    private struct Jump {
        var name: String
        var at: Int
        var locals: Int
    }

    private struct Function {
        var isVariadic: Bool
        var locals: [LuaLocal] = []
        var blocks: [Block] = []
        var labels: [(name: String, locals: Int)] = []
        var jumps: [Jump] = []
    }

    private var functions: [Function] = []
    /// Locals by name, innermost last.
    private var visible: [String: [LuaLocal]] = [:]

    var isVariadic: Bool { functions.last?.isVariadic ?? false }

    // MARK: Names

    mutating func declare(_ local: LuaLocal) {
        functions[functions.count - 1].locals.append(local)
        visible[local.name, default: []].append(local)
    }

    func find(_ name: String) -> LuaLocal? { visible[name]?.last }

    // MARK: Functions and blocks

    mutating func enterFunction(isVariadic: Bool) {
        functions.append(Function(isVariadic: isVariadic))
        enterBlock(isLoop: false)
    }

    mutating func leaveFunction() throws(LuaSyntaxError) {
        try leaveBlock()
        functions.removeLast()
    }

    mutating func enterBlock(isLoop: Bool) {
        let last = functions.count - 1
        functions[last].blocks.append(
            Block(
                isLoop: isLoop, locals: functions[last].locals.count, firstLabel: functions[last].labels.count,
                firstJump: functions[last].jumps.count))
    }

    mutating func leaveBlock() throws(LuaSyntaxError) {
        let last = functions.count - 1
        let block = functions[last].blocks.removeLast()
        for local in functions[last].locals[block.locals...].reversed() { visible[local.name]?.removeLast() }
        functions[last].locals.removeSubrange(block.locals...)
        functions[last].labels.removeSubrange(block.firstLabel...)
        if block.isLoop { try resolve("break", locals: block.locals, from: block.firstJump) }
        guard functions[last].blocks.isEmpty else {
            // What is left looks for its label further out, where these locals are gone.
            for index in functions[last].jumps.indices.dropFirst(block.firstJump) {
                functions[last].jumps[index].locals = min(functions[last].jumps[index].locals, block.locals)
            }
            return
        }
        guard let jump = functions[last].jumps.first else { return }
        if jump.name == "break" { throw LuaSyntaxError(message: "break outside of a loop", at: jump.at) }
        throw LuaSyntaxError(message: "there is no visible label '\(jump.name)' for this goto", at: jump.at)
    }

    // MARK: Jumps

    mutating func jump(to name: String, at: Int) {
        let last = functions.count - 1
        if name != "break", functions[last].labels.contains(where: { $0.name == name }) { return }
        functions[last].jumps.append(Jump(name: name, at: at, locals: functions[last].locals.count))
    }

    /// - Parameter isLast: Whether nothing but labels and semicolons follows in its block.
    mutating func label(_ name: String, at: Int, isLast: Bool) throws(LuaSyntaxError) {
        let last = functions.count - 1
        guard !functions[last].labels.contains(where: { $0.name == name }) else {
            throw LuaSyntaxError(message: "there is a label '\(name)' already", at: at)
        }
        guard let block = functions[last].blocks.last else { return }
        let locals = isLast ? block.locals : functions[last].locals.count
        functions[last].labels.append((name, locals))
        try resolve(name, locals: locals, from: block.firstJump)
    }

    private mutating func resolve(_ name: String, locals: Int, from first: Int) throws(LuaSyntaxError) {
        let last = functions.count - 1
        for jump in functions[last].jumps[first...] where jump.name == name && jump.locals < locals {
            let inner = functions[last].locals[jump.locals].name
            throw LuaSyntaxError(message: "this goto jumps into the scope of local '\(inner)'", at: jump.at)
        }
        functions[last].jumps =
            Array(functions[last].jumps[..<first]) + functions[last].jumps[first...].filter { $0.name != name }
    }
}
