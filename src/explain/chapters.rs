//! The chapters and their figures: titles and captions, for readers who know no machine learning.

/// A page of the explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Chapter {
    #[default]
    Density,
    Faces,
    Convolution,
    Layers,
    Ascent,
    Parts,
}

/// A figure of a chapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    Density,
    Joint,
    Point,
    Examples,
    PixelPair,
    Convolution,
    Transposed,
    Generator,
    Discriminator,
    Ascent,
    Parts,
    Losses,
    Lambdas,
    Plane,
}

impl Chapter {
    pub const ALL: [Self; 6] = [Self::Density, Self::Faces, Self::Convolution, Self::Layers, Self::Ascent, Self::Parts];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Density => "Guess what is missing",
            Self::Faces => "A photo is one point",
            Self::Convolution => "How a layer computes",
            Self::Layers => "Two networks",
            Self::Ascent => "Why not just ask D?",
            Self::Parts => "A fill and its two losses",
        }
    }

    #[must_use]
    pub fn figures(self) -> &'static [Figure] {
        match self {
            Self::Density => &[Figure::Density, Figure::Joint],
            Self::Faces => &[Figure::Point, Figure::Examples, Figure::PixelPair],
            Self::Convolution => &[Figure::Convolution, Figure::Transposed],
            Self::Layers => &[Figure::Generator, Figure::Discriminator],
            Self::Ascent => &[Figure::Ascent],
            Self::Parts => &[Figure::Parts, Figure::Losses, Figure::Lambdas, Figure::Plane],
        }
    }
}

impl Figure {
    /// The name of its file.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Density => "1-density",
            Self::Joint => "1-joint-density",
            Self::Point => "2-point",
            Self::Examples => "2-faces-and-noise",
            Self::PixelPair => "2-two-pixels",
            Self::Convolution => "3-convolution",
            Self::Transposed => "3-transposed-convolution",
            Self::Generator => "4-generator",
            Self::Discriminator => "4-discriminator",
            Self::Ascent => "5-ascent",
            Self::Parts => "6-parts",
            Self::Losses => "6-losses",
            Self::Lambdas => "6-lambda",
            Self::Plane => "6-loss-plane",
        }
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Density => "How likely is each value?",
            Self::Joint => "One value is known, the other is missing",
            Self::Point => "A photo is a list of numbers",
            Self::Examples => "Draws from different distributions",
            Self::PixelPair => "In faces, pixels depend on each other",
            Self::Convolution => "Convolution: many numbers become few",
            Self::Transposed => "Transposed convolution: few numbers become many",
            Self::Generator => "The generator G draws a face from a list of numbers",
            Self::Discriminator => "The discriminator D judges it",
            Self::Ascent => "Two ways to fill the hole",
            Self::Parts => "The parts of a fill",
            Self::Losses => "What the search makes small",
            Self::Lambdas => "What λ weighs",
            Self::Plane => "A walk downhill",
        }
    }

    /// Two to four sentences.
    #[must_use]
    pub fn caption(self) -> &'static str {
        match self {
            Self::Density => {
                "The curve says how likely each value is. The dots are values drawn at random from it, so they crowd where \
                 the curve is high. The grey bars count the dots: with more samples they come nearer to the curve."
            }
            Self::Joint => {
                "Here two values belong together, as height and weight do. The rings join pairs that are equally likely. \
                 Drag the line: x is known, y is missing, and the best guess for y is the most likely one on the line. A \
                 fill is the same guess with thousands of values: the known pixels are x, the hidden ones are y."
            }
            Self::Point => {
                "A computer sees a photo as a list of numbers: how red, green and blue each pixel is. A list of two numbers \
                 is a point on a sheet of paper. This list is a point too, in a space with one direction for each number."
            }
            Self::Examples => {
                "The photo and the generated faces are draws from nearly the same distribution: faces. Noise and shuffled \
                 pixels are points of the same space, but draws from other distributions; almost every point is noise. D is \
                 the discriminator: the higher, the more it takes a picture for a photo. It has only learned to tell photos \
                 from generated faces, so noise can deceive it."
            }
            Self::PixelPair => {
                "Each dot is a picture: across, how bright pixel A is, and up, how bright B is. Drag A and B. In faces the \
                 dots of near pixels lie along a line, so a known A tells what B may be; in noise it tells nothing. That is \
                 why a hole in a face can be filled at all."
            }
            Self::Convolution => {
                "A layer slides a small grid of weights, the kernel, over its input. At each place it multiplies the \
                 numbers below with the weights and adds them up: that is one number of the output. The stride says how far \
                 the kernel moves at a time, and the padding how many zeros lie around the input."
            }
            Self::Transposed => {
                "The other way round: zeros are put between the numbers, then the kernel slides over them. So the output is \
                 larger than the input, and the kernel says how the gaps are filled. In this way the generator makes a large \
                 picture of a few numbers. With stride 2 the kernel seems to move by half a number: a fractional stride."
            }
            Self::Generator => {
                "z is a list of numbers, shown as bars. The first layer makes a tiny picture with many channels of it. Each \
                 further layer is a transposed convolution: twice as large, with fewer channels, until red, green and blue \
                 are left. Each small picture is one channel, bright where it found something to draw."
            }
            Self::Discriminator => {
                "D goes the opposite way: convolutions make the picture smaller until one number is left. It is high for \
                 what looks like a photo, and low for what looks generated. In training, D learns to tell them apart while G \
                 learns to deceive D, so that G gets ever better at faces."
            }
            Self::Ascent => {
                "Left, the hidden pixels themselves are changed, step by step, so that D likes the picture more. D soon \
                 praises it, but no face appears: D has only learned to tell photos from faces of G. Right, only z changes. \
                 Whatever z is, G draws a face of it, so the search finds a face that fits the known pixels."
            }
            Self::Parts => {
                "M is the mask: white is known. M·y keeps the known pixels of the photo y, and (1 − M)·G(z*) takes the hidden \
                 ones from the generated face. In their sum the border of the hole can still be seen. Poisson blending keeps \
                 the changes from pixel to pixel inside, and takes the colours at the border from the photo."
            }
            Self::Losses => {
                "The search wants two things at once. The context loss says how far the drawn face is from the known pixels; \
                 the prior loss says how unlike a photo D finds it. λ is the weight of the second: move it, and see how much \
                 of the total each of them is."
            }
            Self::Lambdas => {
                "The same search with four weights. With λ = 0 only the known pixels count: the context loss is smallest, \
                 but the face may look odd. The larger λ, the more the search prefers any face that D believes, even if it \
                 fits the photo less."
            }
            Self::Plane => {
                "Each point is a face: two numbers of z vary, the others stay as in z*, and dark is a small total loss. Drag \
                 the start: each step goes down the slope. A step that leaves the square, where G has never been trained, is \
                 set back to its border: this is the projected gradient step. With another λ the valley lies elsewhere."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_figure_belongs_to_one_chapter() {
        let figures: Vec<Figure> = Chapter::ALL.iter().flat_map(|chapter| chapter.figures()).copied().collect();
        let ids: BTreeSet<&str> = figures.iter().map(|figure| figure.id()).collect();
        assert_eq!((figures.len(), ids.len()), (14, 14));
        for (number, chapter) in (1..).zip(Chapter::ALL) {
            assert!(chapter.figures().iter().all(|figure| figure.id().starts_with(&format!("{number}-"))));
        }
    }

    #[test]
    fn captions_are_a_few_sentences() {
        for figure in Chapter::ALL.iter().flat_map(|chapter| chapter.figures()) {
            let sentences = figure.caption().split_inclusive(['.', '!']).filter(|part| part.ends_with('.')).count();
            assert!((2..=4).contains(&sentences), "{figure:?}: {sentences}");
            assert!(figure.caption().len() < 420, "{figure:?}: {}", figure.caption().len());
        }
    }
}
