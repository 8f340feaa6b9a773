//! What go would send to prove who it is: userinfo, netrc, GOAUTH.
