//! `wacky …`: various commands, such as destroying entities.

commands! {
    "wacky chisel-deck" { (); } by [TavernLauncher], uses(3);

    /// Resets a player's body.
    "wacky cleanplayerbody" { (player: Player); } by [TavernLauncher], inferred;

    /// Resets a player's state.
    "wacky cleanplayerstate" { (player: Player); } by [TavernLauncher], inferred;

    /// Destroys an entity.
    "wacky destroy" { fn destroy(id: EntityId); } by [TavernLauncher, AttClient], most_used, uses(20_327);

    /// Destroys all unattached entities of a prefab.
    ///
    /// Affects the whole world.
    "wacky destroy-free" {
        fn destroy_free(prefab: Prefab) with DestroyFree {
            /// The chunks to search. No source says how to write them; bots leave them out.
            chunks: Chunk = _,
        };
    } by [TavernLauncher, AttClient], inferred, most_used, uses(7_803);

    /// Destroys all entities of a prefab.
    "wacky destroyall" { (prefab: Prefab); }
        by [TavernLauncher], inferred, uses(63), caution("Also destroys what players built and carry.");

    /// Scales the players' input.
    "wacky inputscale" { (scale: _); } by [TavernLauncher], inferred;

    "wacky marcopolo" { (player: Player); } by [TavernLauncher], uses(25);

    "wacky ow-loot" { (); } by [TavernLauncher], uses(9);

    /// Replaces an item with a new copy of it.
    "wacky replace" { fn replace(id: EntityId); } by [TavernLauncher, AttClient], inferred, most_used, uses(676);

    /// Replaces the selected entity with a new copy of it.
    "wacky replace-selected" { (); } by [TavernLauncher], inferred;

    /// Sets the volume of voices, near and far.
    "wacky setvolume" { (local: _, remote: _); } by [TavernLauncher], inferred;

    "wacky smelter" { (); } by [TavernLauncher], uses(2);
}
