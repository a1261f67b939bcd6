//! JSON API and hosted pages: parse, call one gateway function, render.
