//! Tests of the translations: whether they are complete, and how messages are recognized.

mod completeness;
mod source;

use super::{Language, LanguageChoice, set, t, translate_message};

/// Runs `test` with Chinese texts. The language belongs to the thread, which runs other tests with `--test-threads 1`.
pub(crate) fn in_chinese(test: impl FnOnce()) {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            set(Language::English);
        }
    }
    let _reset = Reset;
    set(Language::SimplifiedChinese);
    test();
}

#[test]
fn texts_and_numbers_are_translated() {
    let texts = || {
        let count = 3;
        [t!("Open").to_owned(), t!("{count} selected", count), t!("Exported: {path}", path = "a.png")]
    };
    assert_eq!(texts(), ["Open", "3 selected", "Exported: a.png"]);
    in_chinese(|| assert_eq!(texts(), ["打开", "已选 3 张", "已导出：a.png"]));
}

#[test]
fn messages_are_recognized_with_their_values() {
    let cases = [
        (
            "the disk is full: free some space, or save a b.png on another disk",
            "磁盘已满：请释放一些空间，或将 a b.png 保存到其他磁盘",
        ),
        ("40 % from face 3 to face 7", "人脸 3 → 人脸 7，40%"),
        ("average of face 3, ann", "人脸 3, ann 的平均"),
        // The values are messages themselves.
        (
            "ann.jpg: the file is damaged: 12 % of the picture is missing (grey)",
            "ann.jpg：文件已损坏：图片的 12 % 缺失（灰色）",
        ),
        (
            "this TIFF file cannot be opened, because its compression is JBIG: save the picture as RGB with 8 or 16 bits and \
             open that",
            "无法打开此 TIFF 文件，因为其压缩方式为 JBIG：请将图片另存为 8 位或 16 位的 RGB 再打开",
        ),
        (
            "There is no folder /runs: check the path, or wait until the run has created it",
            "文件夹 /runs 不存在：请检查路径，或等待训练任务创建它",
        ),
        // Nobody knows these.
        ("strange: entirely unknown", "strange: entirely unknown"),
        ("/a/b.png", "/a/b.png"),
        ("Quarkly", "Quarkly"),
    ];
    in_chinese(|| {
        for (english, chinese) in cases {
            assert_eq!(translate_message(english), chinese);
        }
    });
    assert_eq!(translate_message(cases[0].0), cases[0].0, "English stays as it is");
}

#[test]
fn locales_choose_the_language() {
    let chinese = ["zh", "zh-CN", "zh_CN.UTF-8", "zh-Hans-CN", "zh_SG", "ZH-cn"];
    let english = ["en", "en-US", "de_DE.UTF-8", "C", "", "zh-TW", "zh_HK.UTF-8", "zh-Hant", "zhx"];
    assert!(chinese.iter().all(|locale| Language::from_locale(locale) == Language::SimplifiedChinese));
    assert!(english.iter().all(|locale| Language::from_locale(locale) == Language::English));
    for choice in LanguageChoice::ALL {
        let json = serde_json::to_string(&choice).unwrap();
        assert_eq!(serde_json::from_str::<LanguageChoice>(&json).unwrap(), choice, "{json}");
    }
    let json = serde_json::to_string(&LanguageChoice::ALL).unwrap();
    assert_eq!(json, r#"["system","en","zh-CN"]"#);
}
