//! Shares: what they measure together is the same as in one run.

use serde_json::Value;

use super::*;

/// Removes the times, which differ from run to run.
fn without_seconds(mut json: Value) -> Value {
    match &mut json {
        Value::Object(map) => {
            map.remove("seconds");
            map.values_mut().for_each(|value| *value = without_seconds(value.take()));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| *value = without_seconds(value.take())),
        _ => {}
    }
    json
}

impl EvalTestFolder {
    fn lines(&self, name: &str) -> Vec<String> {
        std::fs::read_to_string(self.path(name)).unwrap().lines().map(str::to_string).collect()
    }
}

#[test]
fn shares_add_up_to_the_whole_run() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "carl.png", "dora.png"]);
    std::fs::write(folder.path("faces/bob.png"), b"no picture").unwrap();
    write_synthetic_with_heads(&folder.path("features.safetensors"), &synthetic_heads());
    std::fs::create_dir(folder.path("grey")).unwrap();
    std::fs::copy(folder.path("faces/ann.png"), folder.path("grey/dora-center.png")).unwrap();
    let line = "--presets blog --steps 2 --candidates 2 --masks center,irregular --blend none,poisson --uncertainty \
                --features DIR/features.safetensors --others grey=DIR/grey --against blog";
    let in_folder = |out: &str, more: &str| {
        std::fs::create_dir_all(folder.path(out)).unwrap();
        folder.eval(&format!("{line} --json DIR/{out}/eval.json --sheet DIR/{out}/sheet.png {more}")).unwrap()
    };
    let whole = in_folder("whole", "");
    for share in ["1/3", "2/3", "3/3"] {
        let run = in_folder("shares", &format!("--shard {share}"));
        assert_eq!((run.text.as_str(), run.status), ("", CommandStatus::SomeFailed), "{}", run.messages);
    }
    assert!(!folder.path("shares/eval.json").exists() && !folder.path("shares/sheet.png").exists());
    assert_eq!(folder.lines("shares/eval-1-of-3.jsonl").len(), 1 + 2);
    let merged = in_folder("shares", "");
    assert!(merged.messages.starts_with("4 of 4 faces are already measured\nerror: ann, center, grey: "));
    let json = |out: &str| without_seconds(folder.json(&format!("{out}/eval.json")));
    assert_eq!(json("shares"), json("whole"));
    let sheet = |out: &str| std::fs::read(folder.path(&format!("{out}/sheet.png"))).unwrap();
    assert!(sheet("shares") == sheet("whole"), "the sheets differ");
    let before_search = |text: &str| text.split("\nSearch\n").next().map(str::to_string);
    assert_eq!(before_search(&merged.text), before_search(&whole.text));
    // Times come from the shares, so nothing was measured again.
    let seconds = |json: &Value, score: usize| json["scores"][score]["seconds"].as_f64().unwrap().to_bits();
    let first: Value = serde_json::from_str(&folder.lines("shares/eval-1-of-3.jsonl")[1]).unwrap();
    assert_eq!(seconds(&folder.json("shares/eval.json"), 1), seconds(&first["results"], 1));
}

#[test]
fn shares_of_photos_keep_their_frames() {
    let folder = EvalTestFolder::with_faces(&[]);
    let photo = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples/grace_hopper.jpg");
    std::fs::copy(photo, folder.path("faces/ann.jpg")).unwrap();
    let line = "--photos --presets blog --steps 1 --candidates 1 --masks mouth --frame known,found --json";
    folder.eval(&format!("{line} DIR/whole.json")).unwrap();
    folder.eval(&format!("{line} DIR/eval.json --shard 1/1")).unwrap();
    let messages = folder.eval(&format!("{line} DIR/eval.json")).unwrap().messages;
    assert_eq!(messages, "1 of 1 faces are already measured\n");
    assert_eq!(without_seconds(folder.json("eval.json")), without_seconds(folder.json("whole.json")));
    // The share has no pictures for a sheet.
    let messages = folder.eval(&format!("{line} DIR/eval.json --sheet DIR/sheet.png")).unwrap().messages;
    assert!(messages.starts_with("DIR/sheet.png shows"), "{messages}");
}

#[test]
fn a_killed_share_goes_on() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "bob.png", "carl.png"]);
    let line = "--presets none --masks center --json DIR/eval.json --shard 1/2";
    let messages = folder.eval(line).unwrap().messages;
    insta::assert_snapshot!(messages.lines().last().unwrap(), @"DIR/eval-1-of-2.jsonl has the 2 faces of the share: run the command without --shard once all shares are measured");
    let path = folder.path("eval-1-of-2.jsonl");
    let complete = std::fs::read(&path).unwrap();
    std::fs::write(&path, &complete[..complete.len() - 9]).unwrap();
    assert!(folder.eval(line).unwrap().messages.starts_with("1 of 2 faces are already measured\n"));
    assert_eq!(std::fs::read(&path).unwrap(), complete);
    assert!(folder.eval(line).unwrap().messages.starts_with("2 of 2 faces are already measured\n"));
    std::fs::copy(folder.path("faces/bob.png"), folder.path("faces/carl.png")).unwrap();
    let whole = line.strip_suffix(" --shard 1/2").unwrap();
    let messages = folder.eval(whole).unwrap().messages;
    assert!(messages.starts_with("1 of 3 faces are already measured\n"), "carl has changed: {messages}");
    assert_eq!(std::fs::read(&path).unwrap(), complete, "a run without a share does not change shares");
}

#[test]
fn shares_of_other_evaluations_are_refused() {
    let folder = EvalTestFolder::with_faces(&["ann.png", "bob.png"]);
    folder.eval("--presets none --masks center --json DIR/eval.json --shard 2/2").unwrap();
    for more in ["", " --shard 2/2"] {
        let refusal = folder.refusal(&format!("--presets none --seed 1 --masks eyes --json DIR/eval.json{more}"));
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal, @"DIR/eval-2-of-2.jsonl belongs to another evaluation (other masks, seed): give its options, or delete it to start again");
        }
    }
    insta::assert_snapshot!(folder.refusal("--presets none --json DIR/eval.json --cases DIR/cases"), @"the shares beside --json have no cases: leave out --cases, or write them with --presets none and without --json");
    insta::assert_snapshot!(folder.refusal("--presets none --json - --shard 1/2"), @"--shard writes beside the file of --json: give a file");
    for line in ["--shard 1/2", "--shard 3/2 --json DIR/a.json", "--shard 1/2 --json DIR/a.json --cases DIR/cases"] {
        assert!(folder.eval(line).err().unwrap().is::<clap::Error>(), "{line}");
    }
    let refusal = folder.refusal("--presets none --json DIR/a.json --shard 1/2 --features DIR/none.pth");
    assert!(refusal.starts_with("DIR/none.pth does not hold") && !folder.path("a-1-of-2.jsonl").exists(), "{refusal}");
    let path = folder.path("eval-1-of-2.jsonl");
    std::fs::write(&path, "notes").unwrap();
    let error = folder.eval("--presets none --json DIR/eval.json --masks center --shard 1/2").err().unwrap();
    assert!(
        error
            .to_string()
            .ends_with("eval-1-of-2.jsonl is not a share of an evaluation: delete it, or choose another file"),
        "{error}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"notes");
}
