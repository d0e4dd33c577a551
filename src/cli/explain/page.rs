//! The page with the figures.

use std::fmt::Write as _;

use crate::explain::{Chapter, Figure};

/// Name of the page's file.
pub(super) const NAME: &str = "index.html";

const STYLE: &str = "\
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; background: #f6f7f8; color: #2a2d31;
       font: 1rem/1.55 system-ui, sans-serif; }
h1, h2, h3 { color: #101214; line-height: 1.25; }
h2 { margin-top: 3rem; border-top: 1px solid #d3d6da; padding-top: 1.5rem; }
figure { margin: 1rem 0 2.5rem; }
img { display: block; width: 620px; max-width: 100%; height: auto; }
figcaption { margin-top: .75rem; }
nav ol { padding-left: 1.5rem; }
a { color: #0b7d72; }";

/// The page. `file_of` names the file of a figure; `None` for one that this model cannot show.
pub(super) fn html(photo: &str, model: &str, file_of: impl Fn(Figure) -> Option<String>) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>How Countenance fills a hole in a face</title>\n\
         <style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>How Countenance fills a hole in a face</h1>\n\
         <p>Every figure was computed by the program, from the model {model} and the {photo}. The editor shows them under \
         Help, How it works, to play with.</p>\n<nav>\n<ol>\n",
        model = escaped(model),
        photo = escaped(photo),
    );
    // Writing to a string cannot fail.
    for (number, chapter) in (1..).zip(Chapter::ALL) {
        let _ = writeln!(page, "<li><a href=\"#chapter-{number}\">{}</a></li>", escaped(chapter.title()));
    }
    page.push_str("</ol>\n</nav>\n");
    for (number, chapter) in (1..).zip(Chapter::ALL) {
        let _ = writeln!(page, "<h2 id=\"chapter-{number}\">{number}. {}</h2>", escaped(chapter.title()));
        for figure in chapter.figures() {
            page.push_str(&figure_html(*figure, file_of(*figure).as_deref()));
        }
    }
    page.push_str(
        "<h2>Sources</h2>\n<p>R. A. Yeh, C. Chen et al., <a href=\"https://arxiv.org/abs/1607.07539\">Semantic Image \
         Inpainting</a>, CVPR 2017. B. Amos, <a href=\"https://bamos.github.io/2016/08/09/deep-completion/\">Image \
         Completion with Deep Learning in TensorFlow</a>, 2016.</p>\n</body>\n</html>\n",
    );
    page
}

fn figure_html(figure: Figure, file: Option<&str>) -> String {
    let (title, caption) = (escaped(figure.title()), escaped(figure.caption()));
    match file {
        Some(file) => format!(
            "<h3>{title}</h3>\n<figure>\n<img src=\"{file}\" alt=\"{title}\">\n<figcaption>{caption}</figcaption>\n</figure>\n"
        ),
        None => format!("<h3>{title}</h3>\n<p>This model has no discriminator, which this figure needs.</p>\n"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
