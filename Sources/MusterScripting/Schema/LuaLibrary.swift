/// What Lua itself offers to scripts: the sandbox's globals, and the members of its tables.
enum LuaLibrary {
    /// The globals; those that are tables with their members.
    static let names: [String: Set<String>] = [
        "assert": [], "error": [], "getmetatable": [], "ipairs": [], "next": [], "pairs": [], "pcall": [], "rawequal": [],
        "rawget": [], "rawlen": [],
        "rawset": [], "select": [], "setmetatable": [], "tonumber": [], "tostring": [], "type": [], "xpcall": [], "_VERSION": [],
        "string": [
            "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack", "packsize", "rep", "reverse",
            "sub", "unpack",
            "upper",
        ],
        "table": ["concat", "insert", "move", "pack", "remove", "sort", "unpack"],
        "math": [
            "abs", "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log", "max", "maxinteger",
            "min", "mininteger",
            "modf", "pi", "rad", "random", "randomseed", "sin", "sqrt", "tan", "tointeger", "type", "ult",
            // Debian's Lua is built with the names of Lua 5.2.
            "atan2", "cosh", "frexp", "ldexp", "log10", "pow", "sinh", "tanh",
        ],
        "utf8": ["char", "charpattern", "codepoint", "codes", "len", "offset"],
        "coroutine": ["close", "create", "isyieldable", "resume", "running", "status", "wrap", "yield"],
    ]

    /// What Lua has elsewhere and scripts do not, with the reason.
    static let absent: [String: String] = [
        "io": "scripts have no files", "debug": "it would lead out of the sandbox",
        "load": "code is what is in the files", "loadstring": "code is what is in the files", "loadfile": "use require",
        "dofile": "use require",
        "package": "use require", "collectgarbage": "memory is Muster's business", "_G": "write the global's name",
        "warn": "use log", "unpack": "use table.unpack", "setfenv": "it is not in Lua 5.4", "getfenv": "it is not in Lua 5.4",
    ]

    static let keywords = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not",
        "or", "repeat",
        "return", "then", "true", "until", "while",
    ]
}
