import MusterCore

// Exports belong to claims (design, rule 3).
extension Engine {
    /// The job that gives a claim its export, after whatever earlier claims of the image left behind is cut.
    func exportOperation(for claim: Claim) throws -> Operation {
        guard let image = world.images[claim.image] else {
            throw MusterError(.notFound, "image \(claim.image) is not declared", subject: claim.image.rawValue)
        }
        guard let network = world.general.bootNetwork else {
            throw MusterError(
                .wrongState, "no boot network is declared, so no machine can reach an image",
                hint: "add boot_network { … } to fleet.lua")
        }
        guard claim.cutOrdered == nil else {
            throw MusterError(
                .stale, "the export of epoch \(claim.epoch) was cut by a fence: it is not opened again",
                hint: "claim the server anew: muster server start \(claim.server)", subject: claim.server.rawValue)
        }
        let left = Mutation.exportNotCut.isActive ? [] : world.leftovers(of: claim.image).filter { !$0.isAlive }.map(\.epoch)
        return .openExport(
            ExportRequest(epoch: claim.epoch, image: image, host: network.address.address.description), cutFirst: left)
    }

    mutating func exportOpened(
        _ request: ExportRequest, cutFirst: [Epoch], _ result: Result<OperationResult, MusterError>, now: Now
    ) throws -> Value {
        guard var claim = world.claims[request.epoch] else {
            if case .success = result { begin(.cutExport(request.epoch, request.image), for: .engine) }
            return .null
        }
        switch result {
        case .success(.export(let export, let cut)):
            for (index, epoch) in cutFirst.enumerated() {
                _ = try exportWasCut(epoch, .success(.words(index < cut.count ? cut[index] : "cut")), now: now)
            }
            guard claim.isAlive else {
                throw MusterError(
                    .stale, "the export of epoch \(claim.epoch) opened after its claim was over: it is cut", subject: claim.server.rawValue)
            }
            claim.export = export
            world.put(claim)
            guard claim.cutOrdered == nil else {
                throw MusterError(
                    .stale, "the export of epoch \(claim.epoch) opened after a fence ordered its cut: it is cut",
                    subject: claim.server.rawValue)
            }
            return claimValue(claim)
        case .success:
            return .null
        case .failure(let error):
            // No machine was told of an export of this epoch, so none can write under it: that is the evidence that ends the claim.
            // What an attempt before a crash may have left is cut like every ended claim's export.
            if claim.isAlive, claim.export == nil {
                let evidence = record(
                    .revoked, claim.resource, epoch: claim.epoch, detail: "its export was never opened: \(error.message)", now: now)
                spend(evidence, on: claim, now: now)
            }
            throw error
        }
    }

    mutating func exportWasCut(
        _ epoch: Epoch, _ result: Result<OperationResult, MusterError>, now: Now
    ) throws -> Value {
        guard var claim = world.claims[epoch] else { return .null }
        let words = try result.get().words
        claim.exportCut = true
        world.put(claim)
        emit(
            "export.cut", resource: claim.resource, server: claim.server,
            data: ["epoch": .int(epoch.rawValue), "detail": .string(words)], now: now)
        return .string(words)
    }

    /// Milliseconds between two tries to cut what is left.
    static let cutPause: Int64 = 5_000

    /// Exports whose claims are over, or that a fence ordered to be cut, are cut, also those that an earlier engine left.
    mutating func cutLeftovers(now: Now) {
        if world.leftovers.isEmpty { return }
        if let triedCuts, now.monotonic - triedCuts < Self.cutPause { return }
        triedCuts = now.monotonic
        for claim in world.leftovers.sorted().compactMap({ world.claims[$0] }) {
            guard let image = world.images[claim.image] else { continue }
            // Nobody cuts it already, and nobody opens it.
            if operations.of(claim.epoch).isEmpty { begin(.cutExport(claim.epoch, image), for: .engine) }
        }
    }
}

extension Engine {
    /// An export process ended without being cut: its machine has lost its root, and nothing may be attached again before a fence.
    public mutating func exportDied(_ epoch: Epoch, now: Now) {
        guard let claim = world.claims[epoch], claim.isAlive, claim.export != nil, claim.exportDied != true,
            // One that a fence cuts is meant to end.
            claim.cutOrdered == nil
        else { return }
        var changed = claim
        changed.exportDied = true
        world.put(changed)
        emit("export.died", resource: claim.resource, server: claim.server, data: ["epoch": .int(epoch.rawValue)], now: now)
        review(now: now)
    }

    /// The job that cuts the export of a claim that is over.
    func cutOperation(_ claim: Claim) throws -> Operation {
        guard let image = world.images[claim.image] else {
            throw MusterError(.notFound, "image \(claim.image) is not declared", subject: claim.image.rawValue)
        }
        return .cutExport(claim.epoch, image)
    }
}
