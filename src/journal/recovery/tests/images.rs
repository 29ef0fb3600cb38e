//! Images of disks as a loss of power or damage may leave them: of one segment with any bit flipped, and of whole directories
//! of which some pages came to the disk, or some were damaged, headers and cursors included.

use super::*;

/// Damaged directories per run.
const DAMAGED_DIRECTORIES: u32 = 2_000;

/// A flip of any bit costs at most the frame that it is in.
#[test]
fn any_flipped_bit_costs_one_frame_at_most() {
    const BYTES: usize = 64 << 10;
    let seal = seal(3, 0x1234_5678);
    let payloads: Vec<Vec<u8>> = (0..400usize).map(|number| vec![number as u8; number % 300]).collect();
    let payloads: Vec<_> = payloads.into_iter().filter(|payload| !payload.is_empty()).collect();
    let mut bytes = Vec::new();
    let mut ranges = Vec::new();
    // A segment of this size is made of smaller ones behind each other, as far as they are filled.
    for (part, payloads) in payloads.chunks(50).enumerate() {
        let (image, starts) = segment(seal, part as u64 * 50 + 1, payloads);
        let last = starts.len() - 1;
        let end = starts[last] + frame_size(payloads[last].len());
        ranges.extend(starts.iter().zip(payloads).map(|(start, payload)| {
            let start = bytes.len() + start;
            start..start + frame_size(payload.len())
        }));
        bytes.extend_from_slice(&image[..end]);
    }
    bytes.truncate(BYTES);
    ranges.retain(|range| range.end <= bytes.len());
    bytes.resize(BYTES, 0);
    let frames = |bytes: &[u8]| Scan::new(bytes, 0, seal).map(|(at, _)| at).collect::<Vec<_>>();
    let all: Vec<usize> = ranges.iter().map(|range| range.start).collect();
    assert_eq!(frames(&bytes), all);
    assert!(ranges.last().unwrap().end > BYTES / 2);
    // All of them in the long run, a part spread over all bits else.
    let bits = BYTES * 8;
    let flips = count_of_run(4_000, bits as u32) as usize;
    for flip in 0..flips {
        let bit = flip * (bits / flips) + flip % (bits / flips).max(1);
        let at = bit / 8;
        bytes[at] ^= 1 << (bit % 8);
        let found = frames(&bytes);
        let expected: Vec<usize> =
            ranges.iter().filter(|range| !range.contains(&at)).map(|range| range.start).collect();
        // What only pads a frame may be anything.
        assert!(found == expected || found == all, "bit {bit}");
        bytes[at] ^= 1 << (bit % 8);
    }
}

/// The files of a directory: names and contents.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

pub(super) fn read_files(directory: &std::path::Path) -> Files {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

/// A directory in memory where there is one: thousands are made.
pub(super) fn fast_directory() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// What is recovered from these files; `None` when they are no directory of a process.
fn recover_files(files: &Files) -> Option<Vec<u64>> {
    let path = fast_directory();
    let namespace = Directory::open_base(path.path()).unwrap();
    let name = "0-1-0";
    drop(namespace.make(name).unwrap());
    for (file, content) in files {
        std::fs::write(path.path().join(name).join(file), content).unwrap();
    }
    let incarnation = incarnation::adopt(&namespace, name).unwrap()?;
    let dead = DeadJournal::open(&incarnation, false).unwrap();
    let mut lane = LaneRecovery::new(&dead, LANE, "otlp", Signal::Traces);
    let mut numbers = Vec::new();
    for step in 0.. {
        assert!(step < ENOUGH_STEPS, "a recovery does not end");
        lane.step(&dead, &[], 1 << 20).unwrap();
        numbers.extend(drain(&lane));
        lane.persist();
        if lane.is_done() {
            break;
        }
    }
    Some(numbers)
}

/// What stood on the disk when it was last synced, what stands in memory by now, and what was recorded and delivered.
struct TwoMoments {
    synced: Files,
    later: Files,
    recorded_before: u64,
    recorded: u64,
    delivered: BTreeSet<u64>,
}

/// Records, brings it to the disk, and goes on recording and delivering, so that segments are used again.
fn two_moments(before: u64, delivered_before: usize, after: &[(u64, usize)]) -> TwoMoments {
    let path = fast_directory();
    let namespace = Directory::open_base(path.path()).unwrap();
    let (incarnation, journal) = journal_in(&namespace);
    let directory = path.path().join(&incarnation.name);
    let mut delivered = BTreeSet::new();
    let mut recorded = 0;
    let mut record = |count: u64| {
        for number in recorded..recorded + count {
            assert!(append(&journal, Signal::Traces, 0, 0, &number.to_le_bytes()));
        }
        recorded += count;
        recorded
    };
    let recorded_before = record(before);
    delivered.extend(deliver(&journal, 1, delivered_before, true));
    journal.sync();
    let synced = read_files(&directory);
    let mut recorded = recorded_before;
    for (batch, (count, most)) in after.iter().enumerate() {
        recorded = record(*count);
        delivered.extend(deliver(&journal, batch as u64 + 2, *most, true));
    }
    TwoMoments { synced, later: read_files(&directory), recorded_before, recorded, delivered }
}

/// Images of each run between two syncs.
const IMAGES_OF_A_RUN: u32 = 20;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(count_of_run(POWER_LOSSES, 100_000) / IMAGES_OF_A_RUN))]

    /// Every page of every file may or may not have come to the disk since the last sync, names too.
    #[test]
    fn a_directory_after_a_loss_of_power_has_all_that_was_synced(
        before in 1u64..2000, delivered_before in 0usize..2000,
        after in prop::collection::vec((0u64..900, 0usize..1200), 1..4), seed in any::<u64>(),
    ) {
        let moments = two_moments(before, delivered_before, &after);
        let mut random = SmallRng::seed_from_u64(seed);
        for _ in 0..IMAGES_OF_A_RUN {
            let mut image = moments.synced.clone();
            for (name, later) in &moments.later {
                // A file that was made meanwhile may not be there at all; its space is zero where nothing came.
                if !image.contains_key(name) && random.next_u32() % 2 == 0 {
                    continue;
                }
                let file = image.entry(name.clone()).or_insert_with(|| vec![0; later.len()]);
                for (on_disk, now) in file.chunks_mut(PAGE).zip(later.chunks(PAGE)) {
                    if random.next_u32() % 2 == 0 {
                        on_disk.copy_from_slice(now);
                    }
                }
            }
            let numbers = recover_files(&image).unwrap();
            let found: BTreeSet<u64> = numbers.iter().copied().collect();
            prop_assert_eq!(found.len(), numbers.len(), "nothing comes twice");
            prop_assert!(found.iter().all(|number| *number < moments.recorded), "nothing is forged");
            for number in 0..moments.recorded_before {
                let is_there = found.contains(&number) || moments.delivered.contains(&number);
                prop_assert!(is_there, "{} of {} that were synced is lost", number, moments.recorded_before);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(count_of_run(DAMAGED_DIRECTORIES, 200_000)))]

    /// Whatever is damaged in a directory, headers, cursors and names of lanes included: the recovery ends, and gives nothing
    /// that nobody has recorded.
    #[test]
    fn a_damaged_directory_is_recovered_to_its_end_without_anything_forged(
        damages in prop::collection::vec((any::<prop::sample::Index>(), 0usize..3, damage()), 1..5),
    ) {
        thread_local! {
            static WHOLE: TwoMoments = two_moments(1500, 700, &[(500, 600)]);
        }
        let (mut files, recorded) = WHOLE.with(|whole| (whole.later.clone(), whole.recorded));
        let names: Vec<String> = files.keys().filter(|name| *name != "lock").cloned().collect();
        for (which, place, damage) in &damages {
            let file = files.get_mut(which.get(&names)).unwrap();
            // Headers and cursors are at the beginning: they are hit as often as the rest.
            let from = if *place == 0 { 0 } else { file.len().saturating_sub(SEGMENT) / 2 * *place };
            let mut piece: Vec<u8> = file.get(from..).unwrap_or_default().iter().take(SEGMENT).copied().collect();
            let length = piece.len();
            piece.resize(SEGMENT, 0);
            let is_cut = matches!(damage, Damage::Cut(_));
            apply(&mut piece, damage);
            piece.truncate(length);
            if is_cut {
                file.truncate(from + piece.len());
            } else {
                file[from..from + piece.len()].copy_from_slice(&piece);
            }
        }
        if let Some(numbers) = recover_files(&files) {
            prop_assert!(numbers.iter().all(|number| *number < recorded), "forged");
        }
    }
}
