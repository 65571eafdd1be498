import MusterCore

extension Batch {
    /// The same with each object's last state only: what a batch writes becomes durable at once, so that what came between was never seen.
    func coalesced() -> Batch {
        guard changes.count > 1 else { return self }
        var seen = Set<Change.Subject>(minimumCapacity: changes.count)
        var last: [Change] = []
        for change in changes.reversed() where seen.insert(change.subject).inserted { last.append(change) }
        var batch = self
        batch.changes = last.reversed()
        return batch
    }
}

extension Change {
    /// The object that a change is about.
    enum Subject: Hashable {
        case resource(ResourceID), image(ImageID), server(ServerID), claim(Epoch), evidence(Evidence.ID), hook(HookID), code(String)
        case run(RunID), step(RunID, String), general, dedup(String)
    }

    var subject: Subject {
        switch self {
        case .resource(let object): .resource(object.id)
        case .removeResource(let id): .resource(id)
        case .image(let object): .image(object.id)
        case .removeImage(let id): .image(id)
        case .server(let object): .server(object.id)
        case .removeServer(let id): .server(id)
        case .claim(let object): .claim(object.epoch)
        case .evidence(let object): .evidence(object.id)
        case .hook(let object): .hook(object.id)
        case .removeHook(let id): .hook(id)
        case .code(let object): .code(object.hash)
        case .run(let object): .run(object.id)
        case .step(let object): .step(object.run, object.address)
        case .general: .general
        case .dedup(let object): .dedup(object.key)
        case .removeDedup(let key): .dedup(key)
        }
    }
}
