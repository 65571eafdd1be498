/// The tree of a Lua source. Chains that Lua writes without nesting (`a.b.c`, `a + b + c`, `elseif`) are lists here, so that no tree is
/// deeper than what the parser allows.
struct LuaBlock {
    var statements: [LuaStatement] = []
}

/// A local variable, and everything that gives it a value.
final class LuaLocal {
    /// Where a value comes from.
    enum Origin {
        /// Result `index` of the expressions of a declaration or assignment; without an expression it is nil.
        case value([LuaExpression], index: Int)
        case parameter(LuaBody, index: Int)
        /// Variable `index` of `for … in`.
        case loop([LuaExpression], index: Int)
        case counter
        case function(LuaBody)
    }

    let name: String
    let at: Int
    let isConstant: Bool
    /// How often it is read.
    var reads = 0

    init(_ name: String, at: Int, isConstant: Bool = false) {
        self.name = name
        self.at = at
        self.isConstant = isConstant
    }
}

/// A parsed file: a function, and where the values of its locals come from. That stands beside the locals: what is reached from itself is
/// never given back.
struct LuaTree {
    var main = LuaBody(at: 0)
    var origins = LuaOrigins()
}

struct LuaOrigins {
    private var known: [ObjectIdentifier: [LuaLocal.Origin]] = [:]

    subscript(local: LuaLocal) -> [LuaLocal.Origin] { known[ObjectIdentifier(local)] ?? [] }
    mutating func add(_ origin: LuaLocal.Origin, to local: LuaLocal) { known[ObjectIdentifier(local), default: []].append(origin) }
}

final class LuaBody {
    let at: Int
    var parameters: [LuaLocal] = []
    var isVariadic = false
    var body = LuaBlock()
    init(at: Int) { self.at = at }
}

struct LuaName {
    var text: String
    var at: Int
}

struct LuaExpression {
    indirect enum Kind {
        case `nil`, `true`, `false`, variadic
        case number(Double)
        case integer(Int64)
        case text(String)
        case function(LuaBody)
        /// A variable; a global one has no local.
        case name(LuaName, LuaLocal?)
        case table([LuaItem])
        case parenthesized(LuaExpression)
        case unary(String, LuaExpression)
        /// `first op operand op operand …`, each operator with all that stands left of it.
        case chain(LuaExpression, [LuaOperand])
        case suffixed(LuaExpression, [LuaSuffix])
    }

    var kind: Kind
    var at: Int
}

struct LuaOperand {
    var symbol: String
    var value: LuaExpression
}

/// What follows a primary expression: a field, an index, a call.
struct LuaSuffix {
    enum Kind {
        case field(String)
        case index(LuaExpression)
        case call([LuaExpression])
        case method(String, [LuaExpression])
    }

    var kind: Kind
    /// The name's place for fields and methods, else that of the bracket.
    var at: Int
}

struct LuaItem {
    enum Key {
        case position
        case name(String)
        case computed(LuaExpression)
    }

    var key: Key
    var value: LuaExpression
    var at: Int
}

struct LuaStatement {
    enum Kind {
        case local([LuaLocal], [LuaExpression])
        case localFunction(LuaLocal, LuaBody)
        case assign([LuaExpression], [LuaExpression])
        case call(LuaExpression)
        case `do`(LuaBlock)
        case `while`(LuaExpression, LuaBlock)
        case `repeat`(LuaBlock, LuaExpression)
        case `if`([(condition: LuaExpression, block: LuaBlock)], LuaBlock?)
        case numericFor(LuaLocal, [LuaExpression], LuaBlock)
        case genericFor([LuaLocal], [LuaExpression], LuaBlock)
        case function(LuaExpression, isMethod: Bool, LuaBody)
        case `return`([LuaExpression])
        /// A label, a goto, a break, a semicolon.
        case other
    }

    var kind: Kind
    var at: Int
}
