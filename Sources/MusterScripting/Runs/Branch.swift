import MusterCore
import MusterLua

/// One strand of a run: its main one, or a branch of `all` or `race`. Touched on its policy's thread only.
final class Branch {
    /// What the addresses of its steps begin with: nothing, a prompt's line (`3.`), or the place of its group (`4/2.`).
    var prefix: String
    /// The group it belongs to; nil for the main strand.
    let group: Group?
    let number: Int
    var strand: LuaStrand?
    private var taken = 0
    /// The group that it waits for.
    var opened: Group?
    /// The step that it waits for: its address and what it calls.
    var waiting: (address: String, name: String)?
    /// True once an error that no script may catch was raised in it.
    var isUnwinding = false
    /// True once its result no longer matters: whatever it is told next unwinds it.
    var isLosing = false
    var isOver = false

    init(prefix: String = "", group: Group? = nil, number: Int = 0) {
        self.prefix = prefix
        self.group = group
        self.number = number
    }

    /// The address that its next step will have.
    var nextAddress: String { prefix + String(taken + 1) }

    func takeAddress() -> String {
        taken += 1
        return prefix + String(taken)
    }

    /// It and all branches under it.
    var tree: [Branch] { [self] + (opened?.branches.flatMap(\.tree) ?? []) }

    /// Begins the addresses of a prompt's next line.
    func beginLine(_ number: Int) {
        prefix = "\(number)."
        taken = 0
        isUnwinding = false
    }
}

/// The branches of one `all` or `race`. Its owner goes on when all of them are over, the losers too: nothing outlives the call.
final class Group {
    enum Mode: String { case all, race }

    let mode: Mode
    unowned let owner: Branch
    var branches: [Branch] = []
    /// What the branches of `all` returned.
    var results: [Value] = []
    /// True while its branches are being started: its owner goes on from there.
    var isStarting = true
    /// What the owner will get, once that is certain.
    var decision: Result<[Value], MusterError>?

    init(_ mode: Mode, owner: Branch) {
        self.mode = mode
        self.owner = owner
    }

    var isOver: Bool { branches.allSatisfy(\.isOver) }

    /// Takes a branch's end; true when it decides the group, so that the others have lost.
    func take(_ branch: Branch, _ result: Result<[Value], MusterError>) -> Bool {
        guard decision == nil else {
            // What nothing may catch is not lost among the losers.
            if case .failure(let error) = result, error.isUncatchable, error.code != .cancelled { decision = .failure(error) }
            return false
        }
        switch result {
        case .failure(let error):
            decision = .failure(error)
        case .success(let values) where mode == .race:
            decision = .success([.int(Int64(branch.number)), .array(values)])
        case .success(let values):
            results[branch.number - 1] = .array(values)
            if isOver { decision = .success([.array(results)]) }
        }
        return decision != nil
    }
}

extension MusterError {
    /// Whether it unwinds a run, so that its `<close>` handlers run, and no `pcall` catches it.
    var isUncatchable: Bool { [.cancelled, .diverged, .stepLimit, .journalLimit, .budget, .memory].contains(code) }

    /// The error when a script raised it by itself: a run is cancelled or diverged at the engine's word alone. Otherwise a script could
    /// end in failure and be taken for one that an operator ended.
    var asRaisedByScript: MusterError {
        guard [.cancelled, .diverged, .stepLimit, .journalLimit].contains(code) else { return self }
        var error = self
        error.code = .script
        error.hint = "the code \"\(code.rawValue)\" is the engine's own: raise another"
        return error
    }
}
