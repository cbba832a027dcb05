//! A pushed root: its files with their outlines, and the addresses of its state.

use super::outline::{Block, Outline};
use crate::domain::terraform::{Address, Content};
use std::sync::Arc;

/// A root as it was pushed. Cloning it is cheap.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Workspace {
    /// Its name.
    pub name: String,
    /// Its files, by path.
    pub files: Vec<Arc<File>>,
    /// The resources of its state.
    pub resources: Arc<[Address]>,
}

/// A file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its path below the folder that was pushed.
    pub path: String,
    /// What it says.
    pub text: String,
    /// Where everything stands, or why it could not be read.
    pub outline: Result<Outline, String>,
}

/// A block of a root.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot<'a> {
    /// The root.
    pub workspace: &'a Workspace,
    /// The file.
    pub file: &'a File,
    /// The block.
    pub block: &'a Block,
}

impl Workspace {
    /// A root with its files parsed.
    pub fn read(name: &str, content: Content) -> Self {
        let Content { files, resources } = content;
        let texts: Vec<&str> = files.values().map(String::as_str).collect();
        let outlines = Outline::read_all(&texts);
        let files =
            files.into_iter().zip(outlines).map(|((path, text), outline)| Arc::new(File { path, text, outline }));
        Self { name: name.to_owned(), files: files.collect(), resources: resources.into() }
    }

    /// The files that could not be read, and why.
    pub fn unreadable(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|file| Some((file.path.as_str(), file.outline.as_ref().err()?.as_str())))
    }

    /// The blocks of a kind that stand in no other.
    pub fn blocks<'a, 'k>(&'a self, kind: &'k str) -> impl Iterator<Item = Spot<'a>> + use<'a, 'k> {
        let blocks = move |file: &'a Arc<File>| {
            let outline = file.outline.as_ref().ok();
            let blocks =
                outline.into_iter().flat_map(|outline| &outline.blocks).filter(move |block| block.kind == kind);
            blocks.map(move |block| Spot { workspace: self, file, block })
        };
        self.files.iter().flat_map(blocks)
    }

    /// The resources of a type.
    pub fn of_type<'a, 'k>(&'a self, kind: &'k str) -> impl Iterator<Item = Spot<'a>> + use<'a, 'k> {
        self.blocks("resource").filter(move |spot| spot.block.resource().is_some_and(|(found, _)| found == kind))
    }
}

impl File {
    /// The folder it lies in; empty for the one that was pushed.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl<'a> Spot<'a> {
    /// The name of the resource.
    pub fn name(&self) -> &'a str {
        self.block.resource().map_or("", |(_, name)| name)
    }

    /// The type and name of the resource, with a dot between.
    pub fn address(&self) -> String {
        self.block.resource().map_or_else(String::new, |(kind, name)| format!("{kind}.{name}"))
    }

    /// Whether two blocks are in one module.
    pub fn is_beside(&self, other: &Self) -> bool {
        std::ptr::eq(self.workspace, other.workspace) && self.file.folder() == other.file.folder()
    }

    /// Whether it is this very block.
    pub fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.block, other.block)
    }
}
