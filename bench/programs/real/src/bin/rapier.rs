//! `rapier`: a physics engine in two dimensions, with functions of its own in place of those of the C library, so that
//! numbers are equal everywhere. A wall of boxes and balls, a chain and a fast ball that hits them.

use std::process::ExitCode;

use rapier2d::prelude::*;

const STEPS: u32 = 150;

fn world() -> PhysicsWorld {
    let mut world = PhysicsWorld::new();
    world.insert(RigidBodyBuilder::fixed(), ColliderBuilder::cuboid(40.0, 0.5).friction(0.7));
    for row in 0..9u8 {
        for column in 0..7u8 {
            let (x, y) = (f32::from(column) * 1.05 + f32::from(row % 2) * 0.4, f32::from(row) * 1.02 + 1.1);
            let shape = match (row + column) % 4 {
                0 => ColliderBuilder::ball(0.5),
                1 => ColliderBuilder::capsule_x(0.2, 0.3),
                2 => ColliderBuilder::round_cuboid(0.4, 0.4, 0.1),
                _ => ColliderBuilder::cuboid(0.5, 0.5),
            };
            world.insert(RigidBodyBuilder::dynamic().translation(Vector::new(x, y)), shape.restitution(0.2));
        }
    }
    let (mut last, _) = world
        .insert(RigidBodyBuilder::fixed().translation(Vector::new(-4.0, 12.0)), ColliderBuilder::ball(0.1));
    for link in 1..=14u8 {
        let place = Vector::new(-4.0 - f32::from(link) * 0.5, 12.0);
        let (body, _) = world
            .insert(RigidBodyBuilder::dynamic().translation(place), ColliderBuilder::ball(0.2).density(3.0));
        let joint = RevoluteJointBuilder::new().local_anchor2(Vector::new(0.5, 0.0));
        world.insert_impulse_joint(last, body, joint);
        last = body;
    }
    let thrown = RigidBodyBuilder::dynamic()
        .translation(Vector::new(-20.0, 3.0))
        .linvel(Vector::new(45.0, 4.0))
        .ccd_enabled(true);
    world.insert(thrown, ColliderBuilder::ball(0.7).density(20.0));
    world
}

fn work(_: &()) -> Vec<u8> {
    let mut world = world();
    let mut output = Vec::new();
    for _ in 0..STEPS {
        world.step();
        for (_, body) in world.bodies.iter() {
            for number in [body.translation().x, body.translation().y, body.rotation().angle(), body.angvel()]
            {
                assert!(number.is_finite());
                output.extend(number.to_bits().to_le_bytes());
            }
        }
    }
    output
}

fn main() -> ExitCode {
    upshift_bench_real::run(0x8e3e_fadd_6936_b138, || (), work)
}
